import type { Entry } from './senders.ts'

const DAY = 86_400_000
const HOUR = 3_600_000

/** Returns the entries of page `number` (from 1) of an endless list. `now` ends the requested time range. */
export type Lie = (number: number, now: number) => readonly Entry[]

const within = (id: string, now: number, ago: number): Entry => ({
  id,
  at: new Date(now - ago).toISOString(),
})
const many = (count: number, make: (n: number) => Entry): readonly Entry[] =>
  Array.from({ length: count }, (_, n) => make(n))

export const lies: Readonly<Record<string, Lie>> = {
  'the same page again and again': (_, now) => many(3, (n) => within(`same-${n}`, now, HOUR / 4)),
  'the same two pages in turn': (number, now) => [within(`turn-${number % 2}`, now, HOUR / 4)],
  'empty pages for ever': () => [],
  'pages of the future that stay there': (number, now) => [within(`f-${number}`, now, -DAY)],
  'pages of the future that come nearer by a second': (number, now) => [
    within(`f-${number}`, now, -DAY + number * 1000),
  ],
  'pages with something new for ever': (number, now) => [
    within(`new-${number}`, now, Math.min(number, HOUR / 2)),
  ],
  'pages that grow': (number, now) => many(number, (n) => within(`g-${n}`, now, HOUR / 4 + n)),
  'pages that double': (number, now) =>
    many(2 ** Math.min(number, 12), (n) => within(`d-${n}`, now, HOUR / 4 + n)),
  'one id a thousand times in a page': (_, now) =>
    many(1000, () => within('repeated', now, HOUR / 4)),
  'one id with another time in each page': (number, now) => [
    within('moved', now, HOUR / 4 + number),
  ],
}

/** JSON values that are not a time. */
export const times: readonly unknown[] = [
  null,
  '',
  'NaN',
  'Infinity',
  '1e999',
  'soon 1',
  true,
  [],
  {},
]
