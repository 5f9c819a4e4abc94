// Whether the browser has relaxed SIMD, in whose multiply-add the engines for the CPU are a tenth faster: whether it
// accepts a function that does nothing but one such instruction.

export const relaxed = WebAssembly.validate(
  Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11),
);
