import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import { XMLParser } from 'fast-xml-parser'
import { delivery, SECRET } from '../deliveries.ts'
import type { Effort, PartResult, Target } from '../report/part.ts'
import { median } from '../../services/figures.ts'
import { xmlProvider } from '../subjects/postern.ts'
import { interleave } from './interleave.ts'
import { createSender, handledSource } from './source.ts'

const SIZES: readonly (readonly [title: string, bytes: number, bound?: number, goal?: number])[] = [
  ['1 KB', 1024, 1.45, 1.25],
  ['8 KB', 8 * 1024, 1.12, 1.05],
  ['100 KB', 100 * 1024, 1.03, 1.01],
  ['1 MB', 1000 * 1024],
]

/** Measures `receive()` without HTTP, compared with the minimum that any receiver must do. */
export async function inProcess({ quick }: Effort): Promise<PartResult> {
  const rows: string[][] = []
  const targets: Target[] = []
  for (const [title, bytes, bound, goal] of SIZES) {
    const { body, headers } = delivery('github', bytes)
    const signature = headers['x-hub-signature-256']!
    const key = createSecretKey(Buffer.from(SECRET))
    const source = handledSource({}, { bytes })
    // Measures the cost of creating deliveries, to subtract it.
    const empty = createSender({ receiver: AT_ONCE, bytes })
    const least = (): unknown => {
      const expected = Buffer.from(`sha256=${createHmac('sha256', key).update(body).digest('hex')}`)
      if (!timingSafeEqual(expected, Buffer.from(signature))) throw new Error('signature')
      return JSON.parse(body.toString())
    }
    const [floor, keeping, ours, loop, alone, loopAlone] = await interleave(
      [
        repeat(least),
        repeatKeeping(least, 64),
        (count) => source.run(count),
        (count) => empty.run(count),
        (count) => source.run(count, 1),
        (count) => empty.run(count, 1),
      ],
      { quick, bytes },
    )
    const net = ours!.map((one, round) => one - loop![round]!)
    const ratio = ratioOf(net, floor!)
    const netAlone = alone!.map((one, round) => one - loopAlone![round]!)
    rows.push([
      title,
      median(floor!).toFixed(1),
      median(net).toFixed(1),
      ratio.toFixed(2),
      ratioOf(netAlone, floor!).toFixed(2),
      ratioOf(keeping!, floor!).toFixed(2),
    ])
    if (bound !== undefined)
      targets.push({
        what: `receive() against the floor, ${title}`,
        got: ratio,
        bound,
        goal: goal!,
        lower: true,
      })
  }
  const xml = await xmlRows(quick)
  return {
    tables: [
      {
        title: 'In process: receive() against the floor',
        note: 'The floor is createHmac with a KeyObject, timingSafeEqual and JSON.parse. receive() verifies, checks depth, parses, dedupes, stores in memory, answers and runs a handler. 64 deliveries run at once; the fifth column has one at a time. What the making of the deliveries costs is measured beside it, with a receiver that answers at once, and taken off. The last column is the floor itself where 64 payloads are kept until all of them are read, as a receiver must that hands them on. CPU microseconds, medians of interleaved rounds.',
        head: [
          'body',
          'floor µs',
          'receive() µs',
          'ratio',
          'ratio, one at a time',
          'floor that keeps 64',
        ],
        rows,
      },
      {
        title: 'In process: XML against bare fast-xml-parser',
        note: 'fast-xml-parser at its own defaults, without verification, against receive() with verification, limits, entity checks and dispatch.',
        head: ['body', 'fast-xml-parser µs', 'receive() µs', 'ratio'],
        rows: xml.map(({ title, bare, ours, ratio }) => [
          title,
          bare.toFixed(1),
          ours.toFixed(1),
          ratio.toFixed(2),
        ]),
      },
    ],
    targets: [
      ...targets,
      ...xml.map(({ title, ratio }): Target => ({
        what: `XML, receive() against bare fast-xml-parser, ${title}`,
        got: ratio,
        bound: 1.15,
        lower: true,
      })),
    ],
  }
}

async function xmlRows(
  quick: boolean,
): Promise<{ title: string; bare: number; ours: number; ratio: number }[]> {
  const rows = []
  for (const [title, bytes] of SIZES.slice(0, 3)) {
    const { body } = delivery('xml', bytes)
    const parser = new XMLParser()
    const source = handledSource({ provider: xmlProvider() }, { sender: 'xml', bytes })
    const [bare, ours] = await interleave(
      [repeat(() => parser.parse(body.toString())), (count) => source.run(count)],
      { quick, bytes: bytes * 4 },
    )
    const ratio = ratioOf(ours!, bare!)
    rows.push({ title, bare: median(bare!), ours: median(ours!), ratio })
  }
  return rows
}

const AT_ONCE = { receive: async () => ({ status: 200 }) }

/** Returns the median of the rounds' ratios. */
function ratioOf(these: readonly number[], those: readonly number[]): number {
  return median(these.map((one, round) => one / those[round]!))
}

/** Like {@link repeat}, but keeps `most` results in memory before it drops them. */
function repeatKeeping(one: () => unknown, most: number): (count: number) => Promise<void> {
  return async (count) => {
    let kept: unknown[] = []
    for (let at = 0; at < count; at++) if (kept.push(one()) === most) kept = []
  }
}

function repeat(one: () => unknown): (count: number) => Promise<void> {
  return async (count) => {
    for (let at = 0; at < count; at++) one()
  }
}
