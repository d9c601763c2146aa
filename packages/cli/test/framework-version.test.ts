import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { frameworks, hosts } from '../src/hosts.ts'
import { raised } from '../src/init/framework-version.ts'

const packages = fileURLToPath(new URL('../../', import.meta.url))

describe('the framework that a route needs', () => {
  test('what is needed of each framework is what its adapter says', async () => {
    for (const framework of frameworks) {
      const { package: adapter, framework: row } = hosts[framework]
      if (row!.dependency === undefined) continue
      const file = join(packages, adapter!.replace('@postern/', ''), 'package.json')
      const { peerDependencies } = JSON.parse(await readFile(file, 'utf8')) as {
        readonly peerDependencies?: Readonly<Record<string, string>>
      }
      // Leaves out versions after `<`, which end a range. An adapter that imports nothing from its framework has no
      // peer dependency, so any version is allowed.
      const wanted = peerDependencies?.[row!.dependency]?.match(/(?<![<\d.])\d+\.\d+\.\d+/g) ?? []
      expect(row!.least).toEqual(wanted)
    }
  })

  test.for([
    ['express', '~4.16.1', '^4.21.0'],
    ['express', '4.18.x', '^4.21.0'],
    ['express', '^4.16.1', undefined],
    ['express', '^5', undefined],
    ['express', '^3.0.0', '^4.21.0'],
    ['express', 'latest', undefined],
    ['fastify', '^4.28.0', '^5.0.0'],
    ['next', '15.0.0', undefined],
    ['next', '14.2.1', '^15.0.0'],
    ['koa', '~2.16', undefined],
  ] as const)('%s %s is raised to %s', ([framework, range, wanted]) => {
    expect(raised(framework, range)).toBe(wanted)
  })
})
