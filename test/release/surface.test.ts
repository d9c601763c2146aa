import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { published } from './home.ts'
import { surfaceFile, surfaceOf } from './surface.ts'

test.each(published().map((one) => [one.manifest.name, one] as const))(
  '%s exports the names and options of its list; npm run release -- surface writes it again, and the change needs a changeset',
  (name, one) => {
    expect(surfaceOf(one)).toBe(readFileSync(surfaceFile(name), 'utf8'))
  },
)

test('each name is found, and options are listed with their members', () => {
  const core = readFileSync(surfaceFile('@postern/core'), 'utf8')
  expect(core).toMatch(/^createReceiver: function$/m)
  expect(core).toMatch(/^ReceiverOptions: interface \{ .*parsing\?, .*provider, /m)
  expect(core).toMatch(/^ErrorCode: type/m)
  for (const { manifest } of published())
    expect([
      manifest.name,
      readFileSync(surfaceFile(manifest.name), 'utf8').includes(': missing'),
    ]).toEqual([manifest.name, false])
})

test('no list is left of a package that is gone', () => {
  const lists = globSync('surface/*.txt', { cwd: import.meta.dirname }).map((file) =>
    basename(file),
  )
  const wanted = published().map(({ manifest }) => basename(surfaceFile(manifest.name)))
  expect(lists.sort()).toEqual(wanted.sort())
})
