import { globSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../run/report.ts'
import { bare, pages } from './options.ts'

describe('the reference of options: node test/readme/options.ts writes it', async () => {
  const all = await pages()

  test.each(all)('$file is that of the sources', ({ is, wanted }) => {
    expect(is).toBe(wanted)
  })

  test('no other file claims to be part of it', () => {
    const files = globSync('packages/*/OPTIONS.md', { cwd: root }).map((file) => join(root, file))
    expect(files.toSorted()).toEqual(all.map(({ file }) => file).toSorted())
  })

  test('each option has a sentence', () => {
    expect([...bare]).toEqual([])
  })
})
