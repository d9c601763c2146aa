import { execFile } from 'node:child_process'
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { removeFolder, temporaryFolder } from '../../../test/services/temporary.ts'

const program = join(import.meta.dirname, '../src/main.ts')
let root = ''

beforeAll(async () => void (root = await temporaryFolder('create')))
afterAll(() => removeFolder(root))

function create(
  ...args: readonly string[]
): Promise<{ readonly code: unknown; readonly out: string; readonly err: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, ...args], { cwd: root }, (_, out, err) =>
      resolve({ code: child.exitCode, out, err }),
    )
    child.stdin!.end()
  })
}

// `npm test -- pack` tests, with packed packages, that each template builds, starts and accepts deliveries.
test.for([
  ['express', '.env', 'stripe invoice.paid --to http://localhost:3000/webhooks/stripe'],
  ['next', '.env.local', 'stripe invoice.paid --to http://localhost:3000/webhooks/stripe'],
  ['nest', '.env', 'stripe invoice.paid --to http://localhost:3000/webhooks/stripe'],
  ['workers', '.env', 'github push --to http://localhost:8787/webhooks/github'],
  ['apart', '.env', 'github push --to http://localhost:3000/webhooks/github'],
] as const)('%s: a whole app, and what to do next', async ([name, env, sends]) => {
  const { code, out, err } = await create(`My ${name}`, '--template', name)
  expect([code, err]).toEqual([0, ''])
  expect(out).toContain(`into \`${env}\`.`)
  expect(out).toContain(`npx postern send ${sends}\n`)
  const folder = join(root, `My ${name}`)
  const text = readFileSync(join(folder, 'package.json'), 'utf8')
  const manifest = JSON.parse(text) as { name: string; dependencies: Record<string, string> }
  expect(manifest.name).toBe(`my-${name}`)
  expect(text).not.toContain('workspace:')
  expect(manifest.dependencies['@postern/core']).toMatch(/^\^\d/)
  // Each script that the output names is in package.json.
  const { scripts } = JSON.parse(text) as { readonly scripts: Readonly<Record<string, string>> }
  for (const [, script] of out.matchAll(/npm run (\S+)/g)) expect(scripts).toHaveProperty([script!])
  const secrets = join(folder, env)
  expect(readFileSync(secrets, 'utf8')).toMatch(/^(?:STRIPE|GITHUB)_WEBHOOK_SECRET=<your-secret>\n/)
  expect(statSync(secrets).mode & 0o077).toBe(0)
  expect(readFileSync(join(folder, '.gitignore'), 'utf8').split('\n')).toContain(env)
  expect(globSync('{node_modules,dist,.next,*.db}', { cwd: folder })).toEqual([])
  for (const file of globSync('**/*.{ts,tsx}', { cwd: folder }))
    for (const [, to] of readFileSync(join(folder, file), 'utf8').matchAll(/from '(\.[^']+)'/g)) {
      const path = join(folder, file, '..', to!)
      expect([path, `${path}.ts`].some((one) => existsSync(one))).toBe(true)
    }
})

test('a folder that holds something stays as it is', async () => {
  writeFileSync(join(root, 'mine'), '')
  const { code, err } = await create('.', '--template', 'express')
  expect([code, err]).toEqual([1, expect.stringContaining('must be a new or an empty folder')])
  expect(existsSync(join(root, 'package.json'))).toBe(false)
})

test.for([
  [[], 'got none'],
  [['app'], 'got none'],
  [['app', '--template', 'rails'], 'got rails'],
  [['app', '--template', 'toString'], 'got toString'],
  [['app', '--templates', 'express'], "Unknown option '--templates'"],
] as const)('%j is wrong use', async ([args, message]) => {
  const { code, err } = await create(...args)
  expect([code, err]).toEqual([2, expect.stringContaining(message)])
  expect(err).toContain('--template <name>')
  expect(existsSync(join(root, 'app'))).toBe(false)
})
