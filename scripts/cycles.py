#!/usr/bin/env python3
"""Lists functions of a program that call themselves or one another in circles: what recursion there is. Takes objdump.

    scripts/cycles.py target/debug/imgproc

Calls through pointers are not followed, nor seen where calls were inlined until only a loop was left.
"""
import re, subprocess, sys

FUNCTION = re.compile(r"^([0-9a-f]+) <(.*)>:$")
CALL = re.compile(r"\t(call|j[a-z]+)\s+([0-9a-f]+) <[^+]*>$")


def calls_of(program):
    """By the addresses of functions, whom each calls; and their names."""
    command = ["objdump", "--disassemble", "--no-show-raw-insn", "--demangle", program]
    calls, names, here = {}, {}, None
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace") as listing:
        for line in listing.stdout:
            if found := FUNCTION.match(line):
                here = int(found[1], 16)
                names[here] = found[2]
                calls[here] = set()
            elif here is not None and (found := CALL.search(line.rstrip())):
                # A jump to a function's own begin is a loop.
                if int(found[2], 16) != here or found[1] == "call":
                    calls[here].add(int(found[2], 16))
    return calls, names


def cycles(calls):
    """Tarjan's strongly connected components, but for functions alone that do not call themselves."""
    index, low, stack, held = {}, {}, [], set()
    for root in calls:
        work = [] if root in index else [(root, iter(calls[root]))]
        while work:
            here, targets = work[-1]
            if here not in index:
                index[here] = low[here] = len(index)
                stack.append(here)
                held.add(here)
            target = next(targets, None)
            if target is not None:
                if target in calls and target not in index:
                    work.append((target, iter(calls[target])))
                elif target in held:
                    low[here] = min(low[here], index[target])
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[here])
            if low[here] == index[here]:
                cycle = []
                while not cycle or cycle[-1] != here:
                    cycle.append(stack.pop())
                    held.discard(cycle[-1])
                if len(cycle) > 1 or here in calls[here]:
                    yield cycle


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    calls, names = calls_of(sys.argv[1])
    found = sorted(" | ".join(sorted({names[function] for function in cycle})) for cycle in cycles(calls))
    print("\n".join(found))
    print(f"{len(calls)} functions, {len(found)} cycles", file=sys.stderr)


if __name__ == "__main__":
    main()
