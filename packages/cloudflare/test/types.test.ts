import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../../../test/run/step.ts'
import { removeFolder, temporaryFolder } from '../../../test/services/temporary.ts'

const own = join(import.meta.dirname, '..')
const packages = join(own, '..')
const ENV = `interface Env {
  readonly WEBHOOKS: DurableObjectNamespace<Webhooks>
  readonly GITHUB_SECRET: string
  readonly MAIL: Fetcher
}
`
// What else a Worker of the app's own calls.
const MORE = `
export const inboxOf = (env: Env) => durableObjectInbox(env.WEBHOOKS, { object: 'stripe' })
export const checked: ExportedHandler<Env> = worker(receivers, 'WEBHOOKS')
`
let folder: string

beforeAll(async () => {
  folder = await temporaryFolder('workers-types')
  // As they are published: users have the declarations, not the sources.
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
    JSON.stringify({ compilerOptions, include: ['*.ts'] }),
  )
})
afterAll(() => removeFolder(folder))

interface Manifest {
  readonly name: string
  readonly publishConfig: { readonly exports: object }
}

/** What tsc says of the code, with the types of Cloudflare. */
async function problems(code: string): Promise<string> {
  writeFileSync(join(folder, 'index.ts'), code)
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
