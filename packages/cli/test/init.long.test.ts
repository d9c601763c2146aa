// Takes 25 s.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { catalogue } from '@postern/providers/catalogue'
import { runWorker } from '../../../test/apps/worker.ts'
import { postern, type Ended } from './run.ts'

const packages = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)
let root = ''

beforeAll(async () => void (root = await realpath(await mkdtemp(join(tmpdir(), 'postern-init-')))))
afterAll(() => rm(root, { recursive: true }))

const LINKED =
  'core providers testing sqlite express koa fastify hono next nestjs aws-lambda postgres cloudflare'

/** Creates a project whose dependencies are links to those of this repository. */
async function project(
  manifest: object,
  files: Readonly<Record<string, string>> = {},
  name = '',
): Promise<string> {
  const folder = join(await mkdtemp(join(root, 'project-')), name)
  mkdirSync(join(folder, 'node_modules/@postern'), { recursive: true })
  for (const one of LINKED.split(' ')) link(folder, `@postern/${one}`, one)
  for (const [file, text] of [
    ['package.json', JSON.stringify(manifest)],
    ...Object.entries(files),
  ]) {
    await mkdir(dirname(join(folder, file!)), { recursive: true })
    await writeFile(join(folder, file!), text!)
  }
  return folder
}

const init = (cwd: string, args = '-p github --yes'): Promise<Ended> =>
  postern(['init', ...args.split(' ')], { cwd })

const onKoa = { dependencies: { koa: '^3' } }
const onExpress = { type: 'module', dependencies: { express: '^5' } }
const onKoaModules = { type: 'module', ...onKoa }

/** Returns all files and folders except node_modules. */
async function contents(folder: string): Promise<Readonly<Record<string, string>>> {
  const all: Record<string, string> = {}
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (path.includes('node_modules')) continue
    all[path] = entry.isDirectory() ? 'a folder' : await readFile(path, 'utf8')
  }
  return all
}

const link = (folder: string, name: string, from: string): void =>
  symlinkSync(join(packages, from), join(folder, 'node_modules', name), 'junction')

const plain = (text: string): string => text.replaceAll(/,(?=\s*})/g, '')

const STRIPPED = JSON.stringify({ compilerOptions: { allowImportingTsExtensions: true } })

// Project shapes that no generator writes. The test in test/pack/init has the projects of generators.
const PROJECTS = [
  {
    name: 'express 5, ES modules, TypeScript that Node runs as it is',
    manifest: onExpress,
    files: {
      'tsconfig.json': STRIPPED,
      'src/app.ts': "import express from 'express'\nexport const app = express({\n} as never)\n",
    },
    test: 'node --test src/webhooks/github.test.ts',
    says: [
      "Add these lines to src/app.ts, the last one where it listens:\n  import { closeOnSignal, webhook } from '@postern/express'\n  import { inbox, receiver } from './webhooks/receiver.ts'\n  app.all('/webhooks/github', webhook(receiver)) // before any body parser\n  closeOnSignal({ server, receivers: [receiver], inboxes: [inbox] })\n",
    ],
  },
  {
    name: 'express 4, CommonJS, too old',
    manifest: { dependencies: { express: '~4.16.1' } },
    files: {
      'app.js': "const app = require('express')()\napp.use(log)\napp.use(express.json())\n",
      'routes/upload.js': 'router.use(multer())',
    },
    test: 'node --test webhooks/github.test.mjs',
    says: [
      'Add these lines to app.js,',
      "  const { closeOnSignal, webhook } = require('@postern/express')",
      "const { inbox, receiver } = require('./webhooks/receiver.mjs')",
      'The route must come before the body parsers at app.js:3, routes/upload.js:1',
      '@postern/core @postern/express @postern/providers @postern/sqlite express@^4.21.0\n',
      'Nothing in package.json reads .env',
    ],
  },
  {
    name: 'koa, ES modules',
    manifest: onKoaModules,
    files: {},
    test: 'node --test webhooks/github.test.js',
    says: [
      "Add these lines to the file that makes the app, the last one where it listens:\n  import { closeOnSignal, webhook } from '@postern/koa'\n  import { inbox, receiver } from './webhooks/receiver.js'\n  const handler = webhook(receiver) // before any body parser\n  app.use(",
    ],
  },
  {
    name: 'fastify, CommonJS, with a folder of tests and of routes',
    manifest: { dependencies: { fastify: '^5', '@fastify/autoload': '^6' } },
    files: { 'test/root.test.js': '', 'routes/root.js': '' },
    test: 'node --test test/webhooks/github.test.mjs',
    says: ['wrote routes/webhooks.mjs', '@fastify/autoload finds it in routes.'],
  },
  {
    name: 'hono, ES modules, TypeScript that nothing here runs, pnpm',
    manifest: { type: 'module', dependencies: { hono: '^4' } },
    files: {
      'tsconfig.json': '{ // nodenext\n "compilerOptions": { "module": "nodenext", }, }',
      'pnpm-lock.yaml': '',
    },
    test: 'node --test webhooks/github.test.mjs',
    says: ['pnpm add @postern/core', 'pnpm remove @postern/core'],
  },
  {
    name: 'express, CommonJS, TypeScript of the old resolution',
    manifest: { dependencies: { express: '^5' }, devDependencies: { typescript: '^5.9.0' } },
    files: {
      'base.json': '{ "compilerOptions": { "module": "commonjs" } }',
      'tsconfig.json': '{ "extends": "./base" }',
    },
    test: 'node --test webhooks/github.test.mjs',
    says: ['set "module" to "nodenext" in tsconfig.json'],
  },
  {
    name: 'next, TypeScript, in src',
    manifest: { dependencies: { next: '^16' } },
    files: {
      'tsconfig.json': '{ "compilerOptions": { "module": "esnext" } }',
      'src/app/page.tsx': '',
    },
    test: 'node --test src/webhooks/github.test.mjs',
    says: [
      'wrote src/instrumentation.ts',
      'wrote src/app/webhooks/github/route.ts',
      'Next.js serves it at /webhooks/github.',
      'NEXT_MANUAL_SIG_HANDLE=true',
    ],
    env: '.env.local',
  },
] as const

interface Outcome {
  readonly name: string
  readonly manifest: object
  readonly files?: Readonly<Record<string, string>>
  /**
   * Arguments of each run, in order. `says` is about the last run.
   * @default ['-p github --yes']
   */
  readonly args?: readonly string[]
  readonly says: readonly string[]
  readonly never?: readonly string[]
  readonly writes?: Readonly<Record<string, string>>
  readonly others?: readonly string[]
}

const OUTCOMES: readonly Outcome[] = [
  {
    name: '.gitignore is made where there is none, and takes the secret and the events',
    manifest: onKoa,
    says: ['wrote .gitignore'],
    never: ['git does not ignore'],
    writes: { '.gitignore': '.env\nwebhooks.db*\nnode_modules\n' },
  },
  {
    name: 'a .gitignore that is there is kept',
    manifest: onKoa,
    files: { '.gitignore': 'node_modules\n' },
    says: ['git does not ignore .env and webhooks.db*: add them to .gitignore'],
    writes: { '.gitignore': 'node_modules\n' },
  },
  ...Object.entries({
    postgres: 'DATABASE_URL=postgres://user:password@localhost:5432/database',
    bullmq: 'REDIS_URL=redis://localhost:6379',
  }).map(([inbox, line]) => ({
    name: `the inbox ${inbox} has its variable in .env`,
    manifest: onKoaModules,
    args: [`-p github --inbox ${inbox} --yes`],
    says: [`Put your own values there for ${line.split('=')[0]!}.`],
    writes: { '.env': `GITHUB_WEBHOOK_SECRET=<your-secret>\n${line}\n` },
  })),
  ...Object.entries({
    'wrangler.toml': 'as tables if they are in TOML',
    'wrangler.json': '"new_sqlite_classes": ["Webhooks"] }],\n',
  }).map(([settings, line]) => ({
    name: `a Worker with a ${settings} keeps it, and is told the lines`,
    manifest: { dependencies: {} },
    files: { [settings]: '', '.dev.vars': '' },
    args: ['-p github --framework cloudflare --yes'],
    says: [
      line,
      "  export { Webhooks } from './webhooks/worker.js'\n",
      'into .dev.vars as GITHUB_WEBHOOK_SECRET',
    ],
    writes: { '.dev.vars': 'GITHUB_WEBHOOK_SECRET=<your-secret>\n', [settings]: '' },
    others: ['wrangler.jsonc'],
  })),
  {
    name: 'the sender that joins a Worker with a longer window says so of the Worker and of its object',
    manifest: { dependencies: {} },
    args: ['-p github --framework cloudflare --yes', '-p meta --framework cloudflare --yes'],
    says: ["the inbox needs dedupeWindow: '7d' (in worker, both calls)"],
  },
  {
    name: 'a second sender that delivers again for longer says so of the inbox that it shares',
    manifest: onKoaModules,
    args: ['-p github --yes', '-p meta --yes'],
    says: ["the inbox needs dedupeWindow: '7d' (in webhooks/receiver.js)"],
  },
  {
    name: 'imports in src fit a file in src, though no app is found',
    manifest: onKoaModules,
    files: { 'src/other.js': '' },
    says: ["import { inbox, receiver } from './webhooks/receiver.js'"],
  },
  {
    name: 'a sender that signs its URL: its own variable, and a word on publicBase',
    manifest: { type: 'module', dependencies: { hono: '^4' } },
    args: ['-p twilio --yes'],
    says: [
      'Twilio signs the URL.',
      'give webhook() the option publicBase',
      '@postern/hono @postern/node',
      '  closeOnSignal({ server, receivers: [receiver], inboxes: [inbox] })',
    ],
    writes: { '.env': 'TWILIO_AUTH_TOKEN=<your-secret>\n' },
  },
  {
    name: 'each variable that the receiver reads is in .env',
    manifest: onKoaModules,
    args: ['-p wecom --inbox memory --yes'],
    says: [],
    writes: {
      '.env':
        'WECOM_TOKEN=<your-secret>\nWECOM_ENCODING_AESKEY=<your-value>\nWECOM_RECEIVE_ID=<your-value>\n',
    },
  },
  {
    name: 'a dry run writes nothing',
    manifest: onKoa,
    args: ['-p github --dry-run'],
    says: ['── webhooks/receiver.mjs'],
    others: ['webhooks', '.env'],
  },
  {
    name: '.env keeps what it has',
    manifest: onKoa,
    files: { '.env': 'GITHUB_WEBHOOK_SECRET=mine' },
    args: ['-p github -y'],
    says: [],
    writes: { '.env': 'GITHUB_WEBHOOK_SECRET=mine' },
  },
  ...[
    {
      of: 'its files',
      manifest: onKoa,
      files: { 'src/app.ts': "import { a } from './a'\nconst app = new Koa()\n" },
      from: './handlers',
    },
    {
      of: 'its tools',
      manifest: { ...onKoaModules, devDependencies: { typescript: '^6' } },
      from: './handlers.ts',
    },
    {
      of: 'a config of a tool alone is none',
      manifest: { ...onKoaModules, devDependencies: { typescript: '^6' } },
      files: { 'app.js': 'const app = new Koa()\n', 'vitest.config.ts': '' },
      from: './handlers.js',
    },
  ].map(({ of, from, ...given }) => ({
    ...given,
    name: `TypeScript is told without tsconfig.json: ${of}`,
    args: ['-p github --dry-run'],
    says: [
      `webhooks/receiver.${from.endsWith('.js') ? 'js' : 'ts'}\n`,
      `import { subscribe } from '${from}'`,
    ],
  })),
]

const WRONG = [
  [onKoa, '--yes', 'give --provider'],
  [onKoa, '-p github --yes --framework rails', '--framework must be one of'],
  [onKoa, '-p github --yes --inbox kafka', '--inbox must be one of'],
  [onKoa, '-p github --yes --path /../x', '--path must be'],
  // Without a terminal, the command cannot ask for confirmation.
  [onKoa, '-p github', 'give --yes'],
  [
    { type: 'module' },
    '-p github --framework lambda --yes --inbox sqlite',
    '--inbox must be postgres or bullmq on lambda',
  ],
  [
    { devDependencies: { wrangler: '^4' } },
    '-p github --inbox postgres --yes',
    '--inbox must be left out on cloudflare, got postgres',
  ],
] as const

describe('init into fresh projects', () => {
  test.for<(typeof PROJECTS)[number] & { readonly env?: string }>(PROJECTS)(
    '$name: its test passes',
    async ({ manifest, files, test, says, env = '.env' }) => {
      const folder = await project(manifest, files)
      const { code, out, err } = await init(folder)
      expect([code, err]).toEqual([0, ''])
      for (const text of says) expect(out).toContain(text)
      expect(out).toContain(`. Test: ${test}\n`)
      expect(out).toContain(
        'Add the public URL of /webhooks/github at GitHub: <repository> → Settings → Webhooks → Add webhook',
      )
      expect(out).toContain(
        `Put the secret of GitHub into ${env} as GITHUB_WEBHOOK_SECRET (the text that you type as Secret)`,
      )
      expect(await readFile(join(folder, env), 'utf8')).toBe(
        'GITHUB_WEBHOOK_SECRET=<your-secret>\n',
      )
      const [, ...args] = test.split(' ')
      const tested = await run(process.execPath, args, { cwd: folder })
      expect(tested.stdout).toMatch(/pass 1\n/)
      expect(tested.stdout).toMatch(/fail 0\n/)

      const before = await contents(folder)
      const again = await init(folder)
      expect([again.code, again.err]).toEqual([
        1,
        expect.stringMatching(/nothing was written, since .*handlers.*exist already/),
      ])
      expect(await contents(folder)).toEqual(before)
    },
  )

  test.for<Outcome>(OUTCOMES)(
    '$name',
    async ({ manifest, files, args, says, never = [], writes = {}, others = [] }) => {
      const folder = await project(manifest, files)
      let out = ''
      for (const one of args ?? ['-p github --yes']) ({ out } = await init(folder, one))
      for (const text of says) expect(out).toContain(text)
      for (const text of never) expect(out).not.toContain(text)
      for (const [file, text] of Object.entries(writes))
        expect(await readFile(join(folder, file), 'utf8')).toBe(text)
      for (const file of others) expect(existsSync(join(folder, file))).toBe(false)
    },
  )

  test('on Lambda: two functions, and an inbox that outlives them', async () => {
    const folder = await project({ type: 'module' })
    const { code, out } = await init(folder, '-p github --framework lambda --yes')
    expect([code, out]).toEqual([
      0,
      expect.stringContaining('webhooks/lambda.js has two functions'),
    ])
    expect(await readFile(join(folder, 'webhooks/receiver.js'), 'utf8')).toContain(
      "worker: 'onDemand'",
    )
    await writeFile(
      join(folder, 'try.js'),
      "import { handler, cron } from './webhooks/lambda.js'\nconsole.log(typeof handler, typeof cron, (await handler({ version: '2.0', rawPath: '/', rawQueryString: '', headers: {}, requestContext: { http: { method: 'POST' }, domainName: 'a.example' }, isBase64Encoded: false })).statusCode)\nprocess.exit()\n",
    )
    const env = {
      ...process.env,
      GITHUB_WEBHOOK_SECRET: 'a secret',
      DATABASE_URL: 'postgres://127.0.0.1:1/x',
    }
    const { stdout } = await run(process.execPath, ['try.js'], { cwd: folder, env })
    expect(stdout).toContain('function function 401')
  })

  test('on Workers: settings, object and Worker, which take a delivery in workerd', async () => {
    const files = { 'tsconfig.json': '{}', 'src/other.ts': '' }
    const manifest = { devDependencies: { wrangler: '^4' } }
    const folder = await project(manifest, files, 'Workers_of mine')
    const { code, out } = await init(folder)
    expect(code).toBe(0)
    expect(out).toContain('npm install @postern/cloudflare @postern/core @postern/providers\n')
    expect(out).toContain('--to http://localhost:8787/webhooks/github')
    expect(out).toContain('  npx wrangler secret put GITHUB_WEBHOOK_SECRET\n')
    expect(JSON.parse(await readFile(join(folder, 'wrangler.jsonc'), 'utf8').then(plain))).toEqual({
      name: 'workers-of-mine',
      main: 'src/webhooks/worker.ts',
      compatibility_date: '2026-11-01',
      durable_objects: { bindings: [{ name: 'WEBHOOKS', class_name: 'Webhooks' }] },
      migrations: [{ tag: 'postern-1', new_sqlite_classes: ['Webhooks'] }],
    })
    const tested = await run(process.execPath, ['--test', 'src/webhooks/github.test.mjs'], {
      cwd: folder,
    })
    expect(tested.stdout).toMatch(/pass 1\n/)

    const second = await init(folder, '-p stripe --yes')
    const [, imported, secret, joined] =
      / {2}(import .+)\n {2}(readonly .+)\n {2}(\.\.\..+)\n/.exec(second.out)!
    const receiver = join(folder, 'src/webhooks/receiver.ts')
    const text = await readFile(receiver, 'utf8')
    await writeFile(
      receiver,
      `${imported}\n${text.replace('interface Env {', `interface Env {\n${secret}`).replace(': receiver }', `: receiver, ${joined} }`)}`,
    )
    const both = ['github', 'stripe'].map((name) => catalogue.get(name)!)
    const worker = join(folder, 'src/webhooks/worker.ts')
    for (const about of both)
      expect(await runWorker(worker, about, both)).toEqual([200, about.topics[0]])
  })

  test.for([
    [['express', 'wrangler'], 'receiver.mjs'],
    [['fastify', 'wrangler'], 'receiver.mjs'],
    [['koa', 'wrangler'], 'receiver.mjs'],
    [['next', 'wrangler'], 'route.js'],
    [['hono', 'wrangler'], 'worker.js'],
    [['wrangler'], 'worker.js'],
  ] as const)('the framework among %s is found: it writes %s', async ([names, file]) => {
    const dependencies = Object.fromEntries(names.map((name) => [name, '*']))
    const { out } = await init(await project({ dependencies }), '-p github --dry-run')
    expect(out).toMatch(new RegExp(`^── .*${file}$`, 'm'))
  })

  test.for([
    [
      'in its source',
      { 'server.js': "const app = require('express')()\napp.listen(process.env.PORT || 3111)\n" },
      {},
      3111,
    ],
    ['in .env', { 'server.js': 'app.listen(3111)\n', '.env': 'PORT=3222\n' }, {}, 3222],
    ['in a script', {}, { scripts: { dev: 'next dev -p 3333' } }, 3333],
    [
      'as a constant',
      { 'main.ts': 'const port: number = Number(process.env.PORT ?? 3444)\nserver.listen(port)\n' },
      {},
      3444,
    ],
    ['nowhere', {}, {}, 3000],
  ] as const)(
    "its steps are numbered and have the app's own port: %s",
    async ([, files, more, port]) => {
      const { out } = await init(await project({ dependencies: { express: '^5' }, ...more }, files))
      expect(out).toContain(`--to http://localhost:${port}/webhooks/github\n`)
      const steps = '1. Install,2. Mount,3. Put,4. Test,5. Start,6. Add'
      expect(out.match(/^\d\. (?:\w+)?/gm)).toEqual(steps.split(','))
    },
  )

  test('--install runs the package manager, and leaves that step out; its failure is told', async () => {
    const bin = join(root, 'bin')
    await mkdir(bin, { recursive: true })
    const npm = (code: number): Promise<void> =>
      writeFile(join(bin, 'npm'), `#!/bin/sh\necho "npm got $*"\nexit ${code}\n`, { mode: 0o755 })
    await npm(0)
    const env = { PATH: `${bin}:${process.env['PATH']!}` }
    const args = ['init', '-p', 'github', '--inbox', 'memory', '--yes', '--install']
    const { code, out, err } = await postern(args, { cwd: await project(onKoa), env })
    expect([code, err]).toEqual([
      0,
      'npm got install @postern/core @postern/koa @postern/providers\nnpm got install -D @postern/testing\n',
    ])
    expect(out).toContain('1. Mount: ')
    expect(out).not.toContain('Install')
    await npm(1)
    const failed = await postern(args, { cwd: await project(onKoa), env })
    expect([failed.code, failed.err]).toEqual([
      3,
      expect.stringContaining('npm ended with 1: the files are written'),
    ])
  })

  test('what it says undoes all that it did', async () => {
    const folder = await project(onKoa, { 'app.js': '' })
    const before = await contents(folder)
    const { out } = await init(folder)
    const [, files] = /^Undo: delete (.+?); delete \.env;/m.exec(out)!
    for (const file of [...files!.split(', '), '.env'])
      await rm(join(folder, file), { recursive: true })
    expect(await contents(folder)).toEqual(before)
  })

  test('a file that cannot be written: those before it are gone again', async () => {
    const manifest = { dependencies: { fastify: '^5', '@fastify/autoload': '^6' } }
    const folder = await project(manifest, {
      test: 'a file where a folder should be',
      'tests/a.test.js': '',
      'tests/webhooks': 'a file where a folder should be',
    })
    await mkdir(join(folder, 'routes'))
    const before = await contents(folder)
    const { code } = await init(folder)
    expect(code).not.toBe(0)
    expect(await contents(folder)).toEqual(before)
  })

  test('a second sender gets a folder of its own beside the first', async () => {
    const folder = await project(onExpress)
    await init(folder)
    const { code, out } = await init(folder, '-p stripe --yes')
    expect([code, out]).toEqual([0, expect.stringContaining('wrote webhooks/stripe/receiver.js')])
    expect(out).toContain(
      "import { receiver as stripeReceiver } from './webhooks/stripe/receiver.js'",
    )
    expect(out).toContain("app.all('/webhooks/stripe', webhook(stripeReceiver))")
    expect(out).toContain('closeOnSignal is called once, with all receivers.')
    // The first receiver still needs the packages and the inbox, so the undo text does not remove them.
    expect(out).toMatch(
      /^Undo: delete webhooks\/stripe; delete the line STRIPE_WEBHOOK_SECRET of \.env$/m,
    )
    expect(await readFile(join(folder, 'webhooks/stripe/receiver.js'), 'utf8')).toContain(
      "import { inbox } from '../receiver.js'",
    )
    const other = await init(folder, '-p slack --inbox memory --yes')
    expect([other.code, other.err]).toEqual([
      2,
      expect.stringContaining('--inbox must be left out for a second provider, got memory'),
    ])
    const args = ['--test', 'webhooks/github.test.js', 'webhooks/stripe/stripe.test.js']
    const { stdout } = await run(process.execPath, args, { cwd: folder })
    expect(stdout).toMatch(/pass 2\n/)
  })

  test('the route that is written takes deliveries, before a body parser', async () => {
    const folder = await project(onExpress)
    link(folder, 'express', 'express/node_modules/express')
    await init(folder, '-p github --inbox memory --yes')
    await writeFile(
      join(folder, 'app.js'),
      `import express from 'express'
import { github } from '@postern/providers/github'
import { deliver, signed } from '@postern/testing'
import { webhook } from '@postern/express'
import { receiver } from './webhooks/receiver.js'
const app = express()
app.all('/webhooks/github', webhook(receiver))
app.use(express.json())
const server = app.listen(0, '127.0.0.1', async () => {
  const to = \`http://127.0.0.1:\${server.address().port}/webhooks/github\`
  const { status } = await deliver(to, signed(github({ secret: process.env.GITHUB_WEBHOOK_SECRET }), 'push', {}))
  console.log('status', status)
  server.close()
  await receiver.close()
})
`,
    )
    const env = { ...process.env, GITHUB_WEBHOOK_SECRET: 'a secret of GitHub' }
    const { stdout } = await run(process.execPath, ['app.js'], { cwd: folder, env })
    expect(stdout).toContain('status 200')
  })

  test('behind a gateway: its test passes, and the app takes what the gateway signs alone', async () => {
    const folder = await project(onExpress)
    link(folder, 'express', 'express/node_modules/express')
    const { out } = await init(folder, '-p github --behind hookdeck --inbox memory --yes')
    expect(out).toContain('Put the secret of Hookdeck into .env as HOOKDECK_GATEWAY_WEBHOOK_SECRET')
    expect(out).toContain('npx postern send github --behind hookdeck --to http://localhost:')
    expect(out).toMatch(/Add the URL of Hookdeck at GitHub: .+/)
    const lines = 'HOOKDECK_GATEWAY_WEBHOOK_SECRET=<your-secret>\n'
    expect(await readFile(join(folder, '.env'), 'utf8')).toBe(lines)
    const tests = ['--test', 'webhooks/github.test.js']
    const { stdout } = await run(process.execPath, tests, { cwd: folder })
    expect(stdout).toMatch(/pass 1\n/)

    await writeFile(
      join(folder, 'app.js'),
      `import express from 'express'
import { webhook } from '@postern/express'
import { receiver } from './webhooks/receiver.js'
const app = express()
app.all('/webhooks/github', webhook(receiver))
const server = app.listen(0, '127.0.0.1', () => console.log('port', server.address().port))
`,
    )
    const env = { ...process.env, HOOKDECK_GATEWAY_WEBHOOK_SECRET: 'a secret of Hookdeck' }
    const app = execFile(process.execPath, ['app.js'], { cwd: folder, env })
    try {
      const [, port] = await new Promise<readonly string[]>((resolve) =>
        app.stdout!.on('data', (text: string) => resolve(text.trim().split(' '))),
      )
      const to = ['push', '--to', `http://127.0.0.1:${port}/webhooks/github`]
      const send = ['send', 'github', ...to, '--secret', 'a secret of Hookdeck']
      const through = await postern([...send, '--behind', 'hookdeck'], { cwd: folder })
      expect([through.code, through.out]).toEqual([0, expect.stringContaining('200')])
      const direct = await postern(send, { cwd: folder })
      expect([direct.code, direct.out]).toEqual([1, expect.stringContaining('401')])
    } finally {
      app.kill()
    }
  })

  test.for([
    ['express', "const app = require('express')()\n"],
    ['express', 'export const app: Express = express()\n'],
    ['hono', 'const app = new Hono<{ Bindings: Env }>()\n'],
    ['hono', 'const app = new OpenAPIHono()\n'],
    ['koa', "const app = new (require('koa'))()\n"],
    ['fastify', 'const server = await Fastify({\n  logger: true,\n})\n'],
  ] as const)('the file that makes the app of %s is found: %s', async ([name, text]) => {
    const files = {
      'src/a.js': `import type { Request } from '${name}'\nconst router = ${name}.Router()\n`,
      'src/z.js': text,
    }
    const manifest = { type: 'module', dependencies: { [name]: '*' } }
    const { out } = await init(await project(manifest, files))
    expect(out).toContain('Add these lines to src/z.js,')
  })

  test('send finds the secret where init has put it, once it is filled in', async () => {
    const folder = await project({ dependencies: { next: '^16' } }, { 'app/a.ts': '' })
    await init(folder)
    const send = ['send', 'github', '--to', 'http://127.0.0.1:1/webhooks/github']
    const empty = await postern(send, { cwd: folder })
    expect([empty.code, empty.err]).toEqual([
      2,
      expect.stringContaining(
        'GitHub needs its secret: give --secret, or set GITHUB_WEBHOOK_SECRET',
      ),
    ])
    await writeFile(join(folder, '.env.local'), 'GITHUB_WEBHOOK_SECRET=mine-alone\n')
    const filled = await postern(send, { cwd: folder })
    expect([filled.code, filled.err]).toEqual([3, expect.stringContaining('did not answer')])
  })

  test('the guide of Next.js shows what is written', async () => {
    const files = { 'tsconfig.json': '{}', 'app/page.tsx': '' }
    const folder = await project({ dependencies: { next: '^16' } }, files)
    const { out } = await init(folder, '-p stripe --dry-run')
    const written = new Map(
      out.split('── ').map((part) => {
        const [name = '', ...lines] = part.split('\n')
        return [name, lines.join('\n').trim()] as const
      }),
    )
    const guide = await readFile(join(packages, 'next/README.md'), 'utf8')
    const shown = [...guide.matchAll(/```ts\n\/\/ (\S+)\n([^]*?)\n```/g)]
    expect(shown.map(([, name]) => name)).toContain('webhooks/receiver.ts')
    for (const [, name, code] of shown) expect([name, code]).toEqual([name, written.get(name!)])
  })

  test.for(WRONG)('in %j, %s is wrong use', async ([manifest, args, message]) => {
    const folder = await project(manifest)
    const before = await contents(folder)
    const { code, err } = await init(folder, args)
    expect([code, err]).toEqual([2, expect.stringContaining(message)])
    expect(await contents(folder)).toEqual(before)
  })
})
