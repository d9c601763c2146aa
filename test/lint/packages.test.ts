import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { root } from '../run/report.ts'

test('what packages say to users names only packages that exist', () => {
  const known = new Set(
    globSync('packages/*/package.json', { cwd: root }).map(
      (file) =>
        (JSON.parse(readFileSync(`${root}/${file}`, 'utf8')) as { readonly name: string }).name,
    ),
  )
  const said = globSync(['packages/*/{src,guides}/**/*.{ts,md}', 'packages/*/README.md', '*.md'], {
    cwd: root,
    exclude: ['**/node_modules/**', 'packages/docs/src/content/**', 'CHANGELOG.md'],
  }).flatMap((file) =>
    [...readFileSync(`${root}/${file}`, 'utf8').matchAll(/@postern\/[a-z][a-z-]*[a-z]/g)].flatMap(
      ([name]) => (known.has(name) ? [] : [`${file}: ${name}`]),
    ),
  )
  expect(said).toEqual([])
})
