// sharp: JOB INPUT_FOLDER OUTPUT_FOLDER. Two files in flight a core, one libvips thread each. IMGPROC_PEERS holds node_modules.
const os = require('os');
const inFlight = 2 * os.availableParallelism();
process.env.UV_THREADPOOL_SIZE = String(inFlight); // read when the pool is first used

const fs = require('fs');
const path = require('path');
const sharp = require(path.join(process.env.IMGPROC_PEERS, 'node_modules', 'sharp'));

const jpeg = { quality: 85 };

// The pipeline of each job for a file.
const jobs = {
  J1: async file => sharp(file).resize(512, 512, { fit: 'inside' }).jpeg(jpeg),
  J2: async file => {
    const { width } = await sharp(file).metadata();
    return sharp(file).resize(Math.floor(width / 2), null, { kernel: 'lanczos3', fastShrinkOnLoad: false }).jpeg(jpeg);
  },
  J6: async file => sharp(file).resize(128, 128, { fit: 'inside' }).greyscale().png(),
};

async function main(job, source, target) {
  sharp.cache(false);
  sharp.concurrency(1);
  const names = fs.readdirSync(source).sort();
  const suffix = job === 'J6' ? '.png' : '.jpg';
  const lane = async () => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      const pipeline = await jobs[job](path.join(source, name));
      await pipeline.toFile(path.join(target, path.parse(name).name + suffix));
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

main(...process.argv.slice(2, 5));
