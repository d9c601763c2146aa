import gifenc from 'gifenc'
import type { Browser, Page } from 'playwright-core'

const { GIFEncoder, applyPalette, quantize } = gifenc
// The last color of the palette means "the same as in the previous frame".
const COLOURS = 255
const SAME = 255

// Minimum duration of a still frame, in milliseconds. Shorter frames use the colors of the still frames.
const STANDS = 400

// Height of the caption below the screenshot, in pixels. A caption must not cover the page.
const BAND = 56

/** A film of screenshots, each with a caption below it. */
export interface Reel {
  /** Adds a screenshot of the page, which is shown for `duration` milliseconds. */
  frame(page: Page, duration: number, caption: string): Promise<void>
  /** Adds all frames of another film of the same size. */
  append(other: Reel): void
  readonly shots: readonly Shot[]
  /** Returns the still frames with their captions, as PNG. */
  pictures(): Promise<readonly Uint8Array[]>
  /** Returns the duration of all frames, in milliseconds. */
  lasts(): number
  /** Returns the film as a GIF. */
  end(): Promise<Uint8Array>
}

interface Shot {
  readonly png: Uint8Array
  readonly duration: number
  readonly caption: string
}

/** Creates an empty film. A page of Chromium reads the pixels of the screenshots. */
export async function createReel(browser: Browser): Promise<Reel> {
  const reader = await browser.newPage()
  const shots: Shot[] = []
  return {
    shots,
    append: (other) => void shots.push(...other.shots),
    async frame(page, duration, caption) {
      shots.push({ png: await page.screenshot(), duration, caption })
    },
    async pictures() {
      const standing = shots.filter(({ duration }) => duration >= STANDS)
      const all = await Promise.all(standing.map((shot) => pixelsOf(reader, shot)))
      return all.map(({ picture }) => Buffer.from(picture.split(',')[1]!, 'base64'))
    },
    lasts: () => shots.reduce((sum, { duration }) => sum + duration, 0),
    async end() {
      const standing = shots.filter(({ duration }) => duration >= STANDS)
      const sample = await Promise.all(standing.map((shot) => pixelsOf(reader, shot)))
      const palette = quantize(Buffer.concat(sample.map(({ pixels }) => pixels)), COLOURS)
      while (palette.length < 256) palette.push([0, 0, 0])
      const known = palette.slice(0, COLOURS)
      const gif = GIFEncoder()
      let before: Uint8Array | undefined
      for (const shot of shots) {
        const { duration } = shot
        const { pixels, width, height } = await pixelsOf(reader, shot)
        const now = applyPalette(pixels, known)
        const shown = now.map((colour, at) => (colour === before?.[at] ? SAME : colour))
        gif.writeFrame(shown, width, height, {
          palette,
          delay: duration,
          transparent: true,
          transparentIndex: SAME,
          dispose: 1,
        })
        before = now
      }
      gif.finish()
      return gif.bytes()
    },
  }
}

async function pixelsOf(
  reader: Page,
  { png, caption }: Shot,
): Promise<{
  readonly width: number
  readonly height: number
  readonly pixels: Uint8Array
  readonly picture: string
}> {
  const given = { source: Buffer.from(png).toString('base64'), caption, band: BAND }
  const { text, ...rest } = await reader.evaluate(async ({ source, caption: words, band }) => {
    const image = new Image()
    image.src = `data:image/png;base64,${source}`
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = image.width
    canvas.height = image.height + band
    const context = canvas.getContext('2d')!
    context.fillStyle = '#2b2f3a'
    context.fillRect(0, image.height, canvas.width, band)
    context.drawImage(image, 0, 0)
    context.fillStyle = '#fff'
    context.font = '600 19px system-ui, sans-serif'
    context.textBaseline = 'middle'
    context.fillText(words, 24, image.height + band / 2)
    if (context.measureText(words).width > canvas.width - 48)
      throw new Error(`the caption is too wide: ${words}`)
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
    let bytes = ''
    for (let at = 0; at < data.length; at += 8192)
      bytes += String.fromCharCode(...data.subarray(at, at + 8192))
    const { width, height } = canvas
    return { width, height, text: btoa(bytes), picture: canvas.toDataURL() }
  }, given)
  return { ...rest, pixels: Buffer.from(text, 'base64') }
}
