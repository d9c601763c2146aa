import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { catalogue } from '@postern/providers/catalogue'
import { expect, test } from 'vitest'
import { judge } from './cases.ts'
import { page, type Run } from './page.ts'
import { SDKS } from './sdks.ts'

const here = import.meta.dirname
const read = (name: string): string => readFileSync(join(here, name), 'utf8')
const run = JSON.parse(read('results.json')) as Run
const reasons = JSON.parse(read('reasons.json')) as Record<string, Record<string, string>>

test('the page is that of the last run, which asked every library; each difference has its reason', () => {
  expect(read('RESULTS.md')).toBe(page(run))
  expect(run.rows.map(({ sender }) => sender)).toEqual(SDKS.map(({ sender }) => sender))
  const told = run.rows.flatMap(({ sender, differences }) =>
    differences.map((one) => [sender, one.case, one.reason]),
  )
  expect(told.map((one) => one.join()).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(
    Object.entries(reasons)
      .flatMap(([sender, cases]) => Object.entries(cases).map((one) => [sender, ...one].join()))
      .toSorted((a, b) => (a < b ? -1 : 1)),
  )
})

test('a library that takes everything, and one that rejects everything, differ from us', async () => {
  const sdk = SDKS.find(({ sender }) => sender === 'stripe')!
  const stripe = catalogue.get('stripe')!
  const judged = async (verify: () => boolean) =>
    (await judge(stripe, sdk, { verify })).filter(({ ours, theirs }) => ours !== theirs)
  expect((await judged(() => true)).map(({ name }) => name)).toContain('sign: a byte more')
  expect((await judged(() => false)).map(({ name }) => name)).toContain('sign: as drafted')
})
