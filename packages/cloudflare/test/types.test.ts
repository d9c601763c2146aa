import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { catalogue } from '@postern/providers/catalogue'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../../../test/run/step.ts'
import { snippetOf } from '../../cli/src/sender/snippet.ts'
import { removeFolder, temporaryFolder } from '../../../test/services/temporary.ts'

const own = join(import.meta.dirname, '..')
const packages = join(own, '..')
const ENV = `interface Env {
  readonly WEBHOOKS: DurableObjectNamespace<Webhooks>
  readonly GITHUB_SECRET: string
  readonly MAIL: Fetcher
}
`
// Code that a custom Worker may add.
const MORE = `
export const inboxOf = (env: Env) => durableObjectInbox(env.WEBHOOKS, { object: 'stripe' })
export const checked: ExportedHandler<Env> = worker(receivers, 'WEBHOOKS')
`
let folder: string

beforeAll(async () => {
  folder = await temporaryFolder('workers-types')
  // Links only what is published: users get the declarations, not the sources.
  for (const name of ['core', 'providers', 'sqlite', 'cloudflare']) {
    const from = join(packages, name)
    if (!existsSync(join(from, 'dist/index.d.ts')))
      throw new Error('run node packages/build.ts first')
    const manifest = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as Manifest
    const at = join(folder, 'node_modules/@postern', name)
    mkdirSync(at, { recursive: true })
    symlinkSync(join(from, 'dist'), join(at, 'dist'), 'junction')
    const { exports } = manifest.publishConfig
    writeFileSync(
      join(at, 'package.json'),
      JSON.stringify({ name: manifest.name, type: 'module', exports }),
    )
  }
  for (const [name, of] of Object.entries({
    '@cloudflare/workers-types': own,
    '@octokit/openapi-webhooks-types': join(packages, 'providers'),
  })) {
    const types = join(folder, 'node_modules', name)
    mkdirSync(dirname(types))
    symlinkSync(realpathSync(join(of, 'node_modules', name)), types, 'junction')
  }
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: 'es2023',
    lib: ['es2023'],
    module: 'preserve',
    types: ['@cloudflare/workers-types'],
    preserveSymlinks: true,
    skipLibCheck: true,
  }
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['**/*.ts'] }),
  )
})
afterAll(() => removeFolder(folder))

interface Manifest {
  readonly name: string
  readonly publishConfig: { readonly exports: object }
}

/** Returns the errors of tsc, with Cloudflare's types. */
async function problems(code: string): Promise<string> {
  return problemsOf({ 'index.ts': code })
}

async function problemsOf(files: Readonly<Record<string, string>>): Promise<string> {
  for (const [name, code] of Object.entries({ 'index.ts': '', ...files }))
    writeFileSync(join(folder, name), code)
  return (await run('tsc', ['-p', folder])).output
}

test('the code of the README compiles against @cloudflare/workers-types', async () => {
  const readme = readFileSync(join(own, 'README.md'), 'utf8')
  const [, code] = /```ts\n([^]+?)```/.exec(readme)!
  const whole =
    ENV +
    code!.replace('import { durableObject, ', 'import { durableObject, durableObjectInbox, ') +
    MORE
  expect(await problems(whole)).toBe('')
  expect(await problems(whole.replace("'WEBHOOKS')", "'WEBHOOK')"))).toContain('WEBHOOK')
})

test('every app that the command line writes for Cloudflare compiles too', async () => {
  const apps = [...catalogue.values()].map(
    (about) => [`${about.name}.ts`, snippetOf(about, 'cloudflare')] as const,
  )
  expect(apps.length).toBeGreaterThan(100)
  expect(await problemsOf(Object.fromEntries(apps))).toBe('')
})

test('what the command line writes into a project compiles, with a second sender', async () => {
  const app = join(folder, 'app')
  mkdirSync(join(app, 'src'), { recursive: true })
  writeFileSync(join(app, 'package.json'), '{ "devDependencies": { "wrangler": "^4" } }')
  writeFileSync(join(app, 'tsconfig.json'), '{}')
  const cli = join(packages, 'cli/src/main.ts')
  for (const name of ['github', 'stripe'])
    expect(
      await run(process.execPath, [cli, 'init', '-p', name, '--yes'], { cwd: app }),
    ).toMatchObject({ code: 0 })
  expect(await problemsOf({})).toBe('')
  expect(
    await problemsOf({ 'app/src/webhooks/handlers.ts': 'export const a: string = 1' }),
  ).toContain('receiver.ts')
})
