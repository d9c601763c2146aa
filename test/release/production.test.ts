import { expect, test } from 'vitest'
import { published } from './home.ts'
import { forTests } from './installed.ts'

// These packages may depend on @postern/testing, because the CLI runs its audit suite.
const TOOLS = ['postern', '@postern/testing']

const dependencies = new Map(
  published().map(({ manifest }) => [manifest.name, Object.keys(manifest.dependencies ?? {})]),
)

/** Returns all dependencies of a package, including those of Postern packages that it depends on. */
function broughtBy(name: string): readonly string[] {
  const all = new Set(dependencies.get(name))
  for (const one of all) for (const next of dependencies.get(one) ?? []) all.add(next)
  return [...all]
}

test.for([...dependencies.keys()])(
  'a production install of %s asks for nothing that only tests need',
  (name) => {
    const brought = broughtBy(name)
    expect(forTests(brought)).toEqual([])
    if (!TOOLS.includes(name)) expect(brought).not.toContain('@postern/testing')
  },
)

test('what only tests need is known by its name', () => {
  expect(forTests(['express', 'fast-check', 'vitest', '@vitest/expect'])).toEqual([
    'fast-check',
    'vitest',
    '@vitest/expect',
  ])
})
