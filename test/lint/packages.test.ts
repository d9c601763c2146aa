import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
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

test('the range of each peer has both ends, and what is tested here lies in it', () => {
  const peers = globSync('packages/*/package.json', { cwd: root }).flatMap((file) => {
    const { peerDependencies = {} } = JSON.parse(readFileSync(`${root}/${file}`, 'utf8')) as {
      readonly peerDependencies?: Readonly<Record<string, string>>
    }
    return Object.entries(peerDependencies)
      .filter(([, range]) => !range.startsWith('workspace:'))
      .map(([name, range]) => ({ file, name, range }))
  })
  expect(peers.length).toBeGreaterThan(20)
  for (const { file, name, range } of peers) {
    const where = `${file}: ${name} ${range}`
    for (const part of range.split(' || '))
      expect(part, where).toMatch(/^(?:\^\d+\.\d+\.\d+|>=\d+\.\d+\.\d+ <\d+\.\d+\.\d+)$/)
    const installed = `${root}/${dirname(file)}/node_modules/${name}/package.json`
    if (!existsSync(installed)) continue
    const { version } = JSON.parse(readFileSync(installed, 'utf8')) as { readonly version: string }
    const above = range.split(' || ').some((part) => {
      const [low = '', high] = part.replace(/^(?:\^|>=)/, '').split(' <')
      return compare(version, low) >= 0 && (high === undefined || compare(version, high) < 0)
    })
    expect(above, `${where}, tested with ${version}`).toBe(true)
  }
})

function compare(one: string, other: string): number {
  const [a, b] = [one, other].map((version) => version.split(/[.-]/).slice(0, 3).map(Number))
  const at = a!.findIndex((part, index) => part !== b![index])
  return at < 0 ? 0 : a![at]! - b![at]!
}
