import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../run/report.ts'
import { home, originOf, published, site, siteFile, strayed } from './home.ts'
import { SITE } from '../../packages/core/src/receive/reply/reply.ts'
import { inOrder } from './order.ts'
import { rejections } from './rejections.ts'

test('each package says where it comes from as postern.home at the root does', () => {
  expect(strayed()).toEqual([])
})

test('an address gives the page, the issues and the folder in the repository', () => {
  expect(originOf('packages/core', 'https://example.com/acme/postern')).toEqual({
    homepage: 'https://example.com/acme/postern/tree/main/packages/core#readme',
    bugs: 'https://example.com/acme/postern/issues',
    repository: {
      type: 'git',
      url: 'git+https://example.com/acme/postern.git',
      directory: 'packages/core',
    },
  })
  expect(strayed('https://example.com/acme/postern')).toHaveLength(published().length)
})

test('replies point to the site that postern.site at the root names', () => {
  expect(SITE).toBe(site())
  expect(siteFile('https://example.com/postern')).toContain("= 'https://example.com/postern'\n")
})

test.each(published().map(({ folder, manifest }) => [manifest.name, folder]))(
  '%s has a README, and all packages share one version',
  (_, folder) => {
    expect(existsSync(join(root, folder, 'README.md'))).toBe(true)
    expect(new Set(published().map(({ manifest }) => manifest.version)).size).toBe(1)
  },
)

describe('what the release command rejects', () => {
  const ready = { home: 'https://example.com/acme/postern', version: '0.1.0', changed: '' }

  test('nothing that is ready', () => {
    expect(rejections({ ...ready, strayed: [] })).toEqual([])
  })

  test('an empty home, and the packages as they are now if it is empty', () => {
    expect(rejections({ ...ready, home: '', strayed: [] })[0]).toMatch(/^postern\.home: /)
    expect(rejections({ ...ready, home: home(), strayed: strayed() }).length > 0).toBe(
      home() === '',
    )
  })

  test('packages without their origin, a version that was never made, changes that are not committed', () => {
    expect(rejections({ ...ready, strayed: ['@postern/core'] })[0]).toMatch(
      /@postern\/core.*release -- home/,
    )
    expect(rejections({ ...ready, strayed: [], version: '0.0.0' })[0]).toMatch(/release -- version/)
    expect(rejections({ ...ready, strayed: [], changed: ' M README.md' })[0]).toMatch(/commit/)
  })
})

test('a package is published after those that it needs', () => {
  const names = inOrder(published().map(({ manifest }) => manifest)).map(({ name }) => name)
  expect(new Set(names)).toEqual(new Set(published().map(({ manifest }) => manifest.name)))
  for (const { manifest } of published())
    for (const name of Object.keys(manifest.dependencies ?? {}))
      if (names.includes(name))
        expect([name, manifest.name, names.indexOf(name) < names.indexOf(manifest.name)]).toEqual([
          name,
          manifest.name,
          true,
        ])
})
