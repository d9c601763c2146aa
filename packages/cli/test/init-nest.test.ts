import { mkdirSync, symlinkSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { postern } from './run.ts'

const workspace = fileURLToPath(new URL('../../../', import.meta.url))
const run = promisify(execFile)
let folder = ''

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'postern-init-nest-')))
  const link = (name: string, to: string): void => {
    mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true })
    symlinkSync(join(workspace, to), join(folder, 'node_modules', name), 'junction')
  }
  for (const name of ['core', 'providers', 'testing', 'sqlite', 'nestjs'])
    link(`@postern/${name}`, `packages/${name}`)
  for (const name of ['common', 'core', 'testing', 'platform-express'])
    link(`@nestjs/${name}`, `packages/nestjs/node_modules/@nestjs/${name}`)
  link('vitest', 'node_modules/vitest')
  const manifest = {
    type: 'module',
    dependencies: { '@nestjs/core': '^12', express: '^5' },
    devDependencies: { vitest: '^5' },
  }
  const tsconfig = {
    compilerOptions: {
      module: 'nodenext',
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  }
  await mkdir(join(folder, 'src'))
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig))
  await writeFile(
    join(folder, 'src/app.module.ts'),
    '@Module({ imports: [] })\nexport class AppModule {}\n',
  )
})
afterAll(() => rm(folder, { recursive: true }))

test('init writes a module and a provider, whose test goes through an app', async () => {
  const args = ['init', '-p', 'github', '--inbox', 'memory', '--yes']
  const { code, out, err } = await postern(args, { cwd: folder })
  expect([code, err]).toEqual([0, ''])
  expect(out).toContain(
    "Add these lines to src/app.module.ts:\n  import { WebhooksModule } from './webhooks/webhooks.module.js'\n  @Module({ imports: [WebhooksModule] })\n",
  )
  expect(out).toContain('@postern/core @postern/nestjs @postern/providers\n')
  const [, command] = /^\d\. Test: npx (.+)$/m.exec(out)!
  const env = { ...process.env, VITEST: '', NO_COLOR: '1' }
  const bin = join(workspace, 'node_modules/vitest/vitest.mjs')
  const { stdout } = await run(process.execPath, [bin, ...command!.split(' ').slice(1)], {
    cwd: folder,
    env,
  })
  expect(stdout).toContain('1 passed')
})

test('a second sender shares the inbox of the first', async () => {
  const { code } = await postern(['init', '-p', 'stripe', '--yes'], { cwd: folder })
  expect(code).toBe(0)
  const module = await readFile(join(folder, 'src/webhooks/stripe/stripe.module.ts'), 'utf8')
  expect(module).toContain('export class StripeModule')
  expect(module).not.toContain('forRoot')
})

test('without TypeScript it says what is missing', async () => {
  await rm(join(folder, 'tsconfig.json'))
  const { code, err } = await postern(['init', '-p', 'github', '--yes'], { cwd: folder })
  expect([code, err]).toEqual([
    2,
    expect.stringContaining('--framework nest needs a project in TypeScript'),
  ])
})
