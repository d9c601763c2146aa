import { globSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const sources = globSync('packages/*/src/**/*.ts', { cwd: root })

const FILES = 20
const LINES = 400
const ROOT = 12

/** Folders with one file per provider. */
const SENDERS = ['packages/providers/src', 'packages/registrar/src']

test('no folder of sources holds more than 20 files, but those with one for each sender', () => {
  const files = Map.groupBy(sources, (file) => dirname(file))
  const full = [...files].filter(([, { length }]) => length > FILES).map(([folder]) => folder)
  expect(full.toSorted()).toEqual(SENDERS)
})

test('the root of core holds at most 12 files', () => {
  const own = sources.filter((file) => dirname(file) === 'packages/core/src')
  expect(own.length).toBeLessThanOrEqual(ROOT)
})

test('no file of sources has more than 400 lines', () => {
  expect(sources.filter((file) => linesOf(file) > LINES)).toEqual([])
})

function linesOf(file: string): number {
  return readFileSync(`${root}/${file}`, 'utf8').split('\n').length - 1
}
