import type { ExplainReply } from '../../src/api/detail.ts'
import type { JSX } from 'preact'
import { Button, QuietButton } from '../parts/button.tsx'
import { note } from '../data/announce.ts'
import { copyText } from '../data/copy.ts'
import { safe } from '../words/safe.ts'

type Diff = NonNullable<ExplainReply['diff']>
type Finding = ExplainReply['findings'][number]

const SIDES = ['signed', 'came'] as const
type Side = (typeof SIDES)[number]

function sideOf({ parts }: Diff, side: Side): Diff['parts'] {
  return parts.filter(({ kind }) => kind === side || kind === 'same' || kind === 'cut')
}

/** The signed bytes next to the received bytes, to read and to copy. */
export function DiffCard({ diff, finding }: { diff: Diff; finding: Finding }): JSX.Element {
  return (
    <section class="card diff" aria-label="What differs">
      <h4>{diff.summary}</h4>
      <dl>
        {SIDES.map((side) => (
          <div key={side}>
            <dt>{side}</dt>
            <dd>
              <code>
                {sideOf(diff, side).map(({ kind, text }, at) =>
                  kind !== side ? (
                    safe(text)
                  ) : side === 'signed' ? (
                    <ins key={at}>{safe(text)}</ins>
                  ) : (
                    <del key={at}>{safe(text)}</del>
                  ),
                )}
              </code>
            </dd>
          </div>
        ))}
      </dl>
      <Button onClick={() => void copyText(textOf(diff, finding), 'text', true)}>
        Copy as text
      </Button>
      <QuietButton onClick={() => void copyPicture(diff, finding)}>Copy as picture</QuietButton>
    </section>
  )
}

function textOf(diff: Diff, { cause, certainty, message, remedy }: Finding): string {
  const sides = SIDES.map((side) => {
    const parts = sideOf(diff, side).map(({ kind, text }) => (kind === side ? `⟦${text}⟧` : text))
    return `${side.padEnd(8)}${parts.join('')}`
  })
  return [`${certainty}: ${cause}`, message, diff.summary, ...sides, `Remedy: ${remedy}`].join('\n')
}

async function copyPicture(diff: Diff, finding: Finding): Promise<void> {
  const picture = new Promise<Blob>((resolve, reject) => {
    pictureOf(diff, finding).toBlob((blob) =>
      blob ? resolve(blob) : reject(new Error('no picture')),
    )
  })
  try {
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': picture })])
    note('Copied the picture.')
  } catch {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(await picture)
    link.download = `${finding.cause}.png`
    link.click()
    note('The browser does not let this page copy pictures: it was saved as a file.')
  }
}

const WIDTH = 1200
const EDGE = 48
const LINE = 36
const INDENT = 112

/** Draws the card as a picture, in the colors and fonts of the page. */
function pictureOf(diff: Diff, { cause, certainty, message, remedy }: Finding): HTMLCanvasElement {
  const style = getComputedStyle(document.documentElement)
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  const canvas = document.createElement('canvas')
  const draw = (): number => {
    const paper = canvas.getContext('2d')!
    paper.textBaseline = 'top'
    paper.fillStyle = color('card')
    paper.fillRect(0, 0, canvas.width, canvas.height)
    let y = EDGE
    const say = (font: string, tone: string, parts: Diff['parts'], side?: Side): void => {
      paper.font = font
      let x = EDGE
      if (side !== undefined) {
        paper.fillStyle = color('muted')
        paper.fillText(side, x, y)
        x += INDENT
      }
      for (const { kind, text } of parts)
        for (const word of text.match(/\s*\S{1,24}|\s+/gu) ?? []) {
          const { width } = paper.measureText(word)
          if (x + width > WIDTH - EDGE) {
            y += LINE
            x = EDGE + (side === undefined ? 0 : INDENT)
          }
          const isOdd = kind === side
          if (isOdd) {
            paper.fillStyle = color(side === 'signed' ? 'good-fill' : 'bad')
            paper.globalAlpha = 0.3
            paper.fillRect(x, y - 4, width, LINE - 4)
            paper.globalAlpha = 1
          }
          paper.fillStyle = isOdd ? color(side === 'signed' ? 'good' : 'bad') : color(tone)
          paper.fillText(word, x, y)
          x += width
        }
      y += LINE
    }
    const plain = (text: string): Diff['parts'] => [{ kind: 'same', text: safe(text) }]
    const words = `24px ${style.fontFamily}`
    say(`600 ${words}`, 'text', plain(`${certainty}: ${cause}`))
    say(words, 'muted', plain(message))
    y += LINE / 2
    say(`600 ${words}`, 'text', plain(diff.summary))
    for (const side of SIDES) say(`24px ${color('mono')}`, 'text', sideOf(diff, side), side)
    y += LINE / 2
    say(words, 'text', plain(`Remedy: ${remedy}`))
    y += LINE / 2
    say(words, 'muted', plain('postern explain'))
    return y + EDGE
  }
  // The first call only measures the height. Setting the height clears the canvas, so the card is drawn again.
  canvas.width = WIDTH
  canvas.height = draw()
  draw()
  return canvas
}
