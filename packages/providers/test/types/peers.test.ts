import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const own = new URL('../../', import.meta.url)
const TYPES = new URL('src/types/', own)
const manifest = JSON.parse(readFileSync(new URL('package.json', own), 'utf8')) as {
  readonly devDependencies: object
  readonly peerDependencies: object
  readonly peerDependenciesMeta: object
}

test('what types come from is an optional peer, and installed here', () => {
  for (const file of readdirSync(TYPES)) {
    const [, found] = /from '([^.'][^']*)'/.exec(readFileSync(new URL(file, TYPES), 'utf8')) ?? []
    const name = found!.split('/', found!.startsWith('@') ? 2 : 1).join('/')
    expect(manifest.peerDependencies, file).toHaveProperty([name])
    expect(manifest.peerDependenciesMeta, file).toHaveProperty([name], { optional: true })
    expect(manifest.devDependencies, file).toHaveProperty([name])
  }
})
