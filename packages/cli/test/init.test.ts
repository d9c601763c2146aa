import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postern } from './run.ts'

const packages = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)
let root = ''

beforeAll(async () => void (root = await realpath(await mkdtemp(join(tmpdir(), 'postern-init-')))))
afterAll(() => rm(root, { recursive: true }))

/** A fresh project whose dependencies are those of this repository. */
async function project(
  name: string,
  manifest: object,
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const folder = join(root, name)
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), text)
  }
  mkdirSync(join(folder, 'node_modules/@postern'), { recursive: true })
  for (const one of [
    'core',
    'providers',
    'testing',
    'sqlite',
    'express',
    'koa',
    'fastify',
    'hono',
    'next',
  ])
    symlinkSync(join(packages, one), join(folder, 'node_modules/@postern', one), 'junction')
  return folder
}

const link = (folder: string, name: string, from: string): void =>
  symlinkSync(join(packages, from), join(folder, 'node_modules', name), 'junction')

const PROJECTS = [
  [
    'express 5, ESM, TypeScript',
    { type: 'module', dependencies: { express: '^5' } },
    { 'tsconfig.json': '{}', 'src/app.ts': '' },
    'src/webhooks/',
    'ts',
  ],
  [
    'express 4, CommonJS',
    { dependencies: { express: '^4' } },
    { 'app.js': "const app = require('express')()\napp.use(express.json())\n" },
    'webhooks/',
    'js',
  ],
  ['koa, ESM', { type: 'module', dependencies: { koa: '^3' } }, {}, 'webhooks/', 'js'],
  ['fastify, CommonJS', { dependencies: { fastify: '^5' } }, {}, 'webhooks/', 'js'],
  [
    'hono, ESM, TypeScript',
    { type: 'module', dependencies: { hono: '^4' } },
    { 'tsconfig.json': '{}', 'pnpm-lock.yaml': '' },
    'webhooks/',
    'ts',
  ],
  [
    'next, TypeScript',
    { dependencies: { next: '^16' } },
    { 'tsconfig.json': '{}' },
    'webhooks/',
    'ts',
  ],
] as const

describe('init into fresh projects', () => {
  test.for(PROJECTS)('%s: its test passes', async ([name, manifest, files, where, extension]) => {
    const folder = await project(name.replaceAll(/\W+/g, '-'), manifest, files)
    const { code, out, err } = await postern(['init', '-p', 'github', '--yes'], { cwd: folder })
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain(`wrote ${where}receiver.${extension}`)
    expect(out).toContain(
      `${'pnpm-lock.yaml' in files ? 'pnpm add' : 'npm install'} @postern/core @postern/providers @postern/`,
    )
    expect(out).toContain(
      'Add the public URL of /webhooks/github at GitHub: <repository> → Settings → Webhooks → Add webhook',
    )
    expect(out).toContain('Put the secret of GitHub into .env (the text that you type as Secret)')
    if (name.startsWith('express 4')) expect(out).toContain('Body parsers stand at app.js:2')
    expect(await readFile(join(folder, '.env'), 'utf8')).toBe(
      'GITHUB_WEBHOOK_SECRET=<your-secret>\n',
    )
    const tested = await run(process.execPath, ['--test', `${where}github.test.${extension}`], {
      cwd: folder,
    })
    expect(tested.stdout).toMatch(/pass 1\n/)
    expect(tested.stdout).toMatch(/fail 0\n/)

    const again = await postern(['init', '-p', 'github', '--yes'], { cwd: folder })
    expect([again.code, again.err]).toEqual([
      1,
      expect.stringContaining('exists already: nothing was written'),
    ])
  })

  test('the route that is written takes deliveries, before a body parser', async () => {
    const folder = await project('mounted', { type: 'module', dependencies: { express: '^5' } })
    link(folder, 'express', 'express/node_modules/express')
    await postern(['init', '-p', 'github', '--inbox', 'memory', '--yes'], { cwd: folder })
    await writeFile(
      join(folder, 'app.js'),
      `import express from 'express'
import { github } from '@postern/providers/github'
import { deliver, signed } from '@postern/testing'
import { mountWebhooks } from './webhooks/route.js'
import { receiver } from './webhooks/receiver.js'
const app = express()
mountWebhooks(app)
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

  test('a dry run writes nothing, and .env keeps what it has', async () => {
    const folder = await project(
      'dry',
      { dependencies: { koa: '^3' } },
      { '.env': 'GITHUB_WEBHOOK_SECRET=mine' },
    )
    const { out, err } = await postern(['init', '-p', 'github', '--dry-run'], { cwd: folder })
    expect(out).toContain('── webhooks/route.js')
    expect(err).toContain('Nothing was written.')
    expect(existsSync(join(folder, 'webhooks'))).toBe(false)
    await postern(['init', '-p', 'github', '-y'], { cwd: folder })
    expect(await readFile(join(folder, '.env'), 'utf8')).toBe('GITHUB_WEBHOOK_SECRET=mine')
  })

  test.for([
    [[], 'give --provider'],
    [['-p', 'github', '--framework', 'rails'], '--framework must be one of'],
    [['-p', 'github', '--inbox', 'kafka'], '--inbox must be one of'],
    [['-p', 'github', '--path', '/../x'], '--path must be'],
  ] as const)('%j is wrong use', async ([args, message]) => {
    const folder = await project(`wrong-${message.replaceAll(/\W+/g, '-')}`, {
      dependencies: { koa: '^3' },
    })
    const { code, err } = await postern(['init', ...args, '--yes'], { cwd: folder })
    expect([code, err]).toEqual([2, expect.stringContaining(message)])
  })
})
