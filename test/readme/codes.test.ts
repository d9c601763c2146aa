import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../run/report.ts'

const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const cut = (text: string, from: RegExp): string => from.exec(text)![1]!

const codes = new Map(
  Array.from(
    cut(read('packages/core/src/errors.ts'), /^const STATUS = \{\n([^}]+)\}/m).matchAll(
      /^ {2}(\w+): (\d{3}),$/gm,
    ),
    ([, code, status]) => [code!, status!] as const,
  ),
)

const steps = cut(read('ARCHITECTURE.md'), /^\| step \|.*\n\|[ -|]*\n((?:\|.*\n)+)/m)
const named = steps.matchAll(/`([a-z]+(?:_[a-z]+)+|overloaded)`/g)

test('the table of steps in ARCHITECTURE has each code of a rejection, and no other', () => {
  expect(codes.size).toBeGreaterThan(30)
  expect(new Set(Array.from(named, ([, code]) => code))).toEqual(new Set(codes.keys()))
})

test('the page of replies has each status of a rejection, and no other', () => {
  const replies = read('packages/docs/pages/reference/replies.md')
  const rejected = Array.from(replies.matchAll(/\b[45]\d\d\b/g), ([status]) => status)
  expect(new Set(rejected)).toEqual(new Set(codes.values()))
})
