import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hostNames } from '../../packages/cli/src/hosts.ts'
import { root } from '../run/report.ts'

const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'))

/**
 * Hosts without an entry of their own in the inspector. Lambda functions cannot serve its page, so `postern inspect`
 * opens it. Nest and Cloudflare mount the page of Express, Fastify or `fetch`.
 */
const WITHOUT_PAGE = ['lambda', 'nest', 'cloudflare']

test('the inspector has an entry for each host, and one for alerts', () => {
  const { exports, publishConfig } = read('packages/inspector/package.json') as {
    readonly exports: object
    readonly publishConfig: { readonly exports: object }
  }
  const hosts = hostNames.filter((name) => !WITHOUT_PAGE.includes(name)).toSorted()
  for (const entries of [exports, publishConfig.exports]) {
    const names = Object.keys(entries).filter((entry) => !/^\.$|\.json$|\*/.test(entry))
    expect(names.map((entry) => entry.slice(2)).toSorted()).toEqual([...hosts, 'alerts'].toSorted())
  }
})

// The documentation site is not a package. Another command builds it.
const SITE = 'docs'

test('tsc builds each package', () => {
  const { references } = read('packages/tsconfig.json') as {
    readonly references: readonly { readonly path: string }[]
  }
  const folders = readdirSync(join(root, 'packages'), { withFileTypes: true })
  expect(references.map(({ path }) => path).toSorted()).toEqual(
    folders
      .flatMap((entry) => (entry.isDirectory() && entry.name !== SITE ? entry.name : []))
      .toSorted(),
  )
})
