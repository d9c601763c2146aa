import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

// Browsers have neither module. Only one file may use each, so that it can be replaced there.
test.for([
  ['node:buffer', /from 'node:buffer'|\bglobalThis\.Buffer\b/, 'packages/core/src/body/bytes.ts'],
  ['setImmediate', /\bsetImmediate\b/, 'packages/core/src/basics/deadline.ts'],
] as const)('in core and inspector one file alone touches %s', ([, pattern, file]) => {
  const sources = globSync(['packages/core/src/**/*.ts', 'packages/inspector/src/**/*.ts'], {
    cwd: root,
  })
  expect(sources.filter((one) => pattern.test(readFileSync(`${root}/${one}`, 'utf8')))).toEqual([
    file,
  ])
})
