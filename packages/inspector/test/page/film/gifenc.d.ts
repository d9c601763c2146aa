declare module 'gifenc' {
  type Palette = number[][]

  interface Frame {
    readonly palette?: Palette
    /** Duration of the frame, in milliseconds. */
    readonly delay?: number
    readonly transparent?: boolean
    readonly transparentIndex?: number
    readonly dispose?: number
  }

  interface Encoder {
    writeFrame(index: Uint8Array, width: number, height: number, frame: Frame): void
    finish(): void
    bytes(): Uint8Array
  }

  const gifenc: {
    readonly GIFEncoder: () => Encoder
    readonly quantize: (rgba: Uint8Array, colours: number) => Palette
    readonly applyPalette: (rgba: Uint8Array, palette: Palette) => Uint8Array
  }
  export default gifenc
}
