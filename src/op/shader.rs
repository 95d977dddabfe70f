//! The link from a kernel to its WGSL: the formula's text, and its parameters as one struct for both languages.

/// A kernel's formula in WGSL and the parameters it is called with.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    /// Name of the function in the shader, and stem of its file.
    pub stem: &'static str,
    /// Text of the file; the struct of its parameters is put beside it when a shader is assembled.
    pub text: std::borrow::Cow<'static, str>,
    /// Name of the struct.
    pub structure: &'static str,
    /// `struct …` in WGSL, written from the Rust one.
    pub structure_text: String,
    /// The struct's bytes.
    pub bytes: Vec<u8>,
}

impl Formula {
    pub fn new<P: ShaderStruct>(
        stem: &'static str,
        text: impl Into<std::borrow::Cow<'static, str>>,
        parameters: &P,
    ) -> Formula {
        Formula {
            stem,
            text: text.into(),
            structure: P::NAME,
            structure_text: P::wgsl(),
            bytes: bytemuck::bytes_of(parameters).to_vec(),
        }
    }
}

/// A struct of 4-byte scalars that a shader reads; made by [`shader_struct!`].
pub trait ShaderStruct: bytemuck::Pod {
    const NAME: &'static str;
    /// Name and WGSL type of each field, in order; each takes 4 bytes.
    const FIELDS: &'static [(&'static str, &'static str)];

    fn wgsl() -> String {
        let fields: String = Self::FIELDS.iter().map(|(name, kind)| format!("    {name}: {kind},\n")).collect();
        format!("struct {} {{\n{fields}}}\n", Self::NAME)
    }
}

/// Declares a struct for Rust and WGSL at once, so that its two sides can't drift. Fields are `f32`, `u32` or `i32`.
#[macro_export]
macro_rules! shader_struct {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ident,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
        #[repr(C)]
        $vis struct $name { $($(#[$field_meta])* pub $field: $kind,)+ }

        impl $crate::op::ShaderStruct for $name {
            const NAME: &'static str = stringify!($name);
            const FIELDS: &'static [(&'static str, &'static str)] = &[$((stringify!($field), stringify!($kind))),+];
        }
    };
}
