import { spawn } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { github } from '@postern/providers/github'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postern } from './run.ts'

const packages = fileURLToPath(new URL('../../', import.meta.url))
const SECRET = 'a secret of tests'
let folder = ''

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'postern-snippet-')))
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, '@postern'), { recursive: true })
  mkdirSync(join(modules, '@hono'))
  const link = (name: string, from: string): void =>
    symlinkSync(join(packages, from), join(modules, name), 'junction')
  for (const name of ['core', 'providers', 'node', 'express', 'koa', 'fastify', 'hono'])
    link(`@postern/${name}`, name)
  for (const name of ['express', 'koa', 'fastify', 'hono'])
    link(name, `${name}/node_modules/${name}`)
  link('@hono/node-server', 'hono/node_modules/@hono/node-server')
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
})
afterAll(() => rm(folder, { recursive: true }))

describe('providers', () => {
  test.for(['express', 'koa', 'fastify', 'hono', 'node'])(
    'the app for %s runs as it is printed, and takes a delivery',
    async (host) => {
      const { out } = await postern(['providers', 'github', '--host', host])
      const port = await freePort()
      const text = out.slice(out.indexOf('\nimport ')).replace('3000', String(port))
      const file = join(folder, `${host}.ts`)
      await writeFile(file, text)
      const app = spawn(process.execPath, [file], {
        cwd: folder,
        env: { ...process.env, GITHUB_WEBHOOK_SECRET: SECRET },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const printed: string[] = []
      const heard = new Promise<void>((resolve, reject) => {
        for (const stream of [app.stdout, app.stderr])
          stream.on('data', (data: Buffer) => {
            printed.push(String(data))
            if (printed.join('').includes('a title of tests')) resolve()
          })
        app.once('exit', () => reject(new Error(`${host} ended: ${printed.join('')}`)))
      })
      heard.catch(() => {})
      try {
        expect(await delivered(`http://127.0.0.1:${port}/webhooks/github`, app)).toBe(200)
        await heard
      } finally {
        app.removeAllListeners('exit')
        app.kill()
      }
    },
  )

  test.each([
    [
      'stripe',
      /add the URL  Workbench → Webhooks → .+\n +https:\/\/dashboard\.stripe\.com\/webhooks\n +its secret   the Signing secret/,
    ],
    [
      'airtable',
      /add the URL  by its API: POST https:\/\/api\.airtable\.com\/.+\n +its secret   macSecret/,
    ],
    ['shopify', /add the URL  the app's file shopify\.app\.toml.+\n +or by its API: the mutation/],
    ['google-pubsub', /add the URL  the push endpoint .+\n +as told by   https:/],
  ])('%s: where its URL is added, and its secret found', async (name, told) => {
    const { out } = await postern(['providers', name])
    expect(out).toMatch(told)
    const { out: json } = await postern(['providers', name, '--json'])
    const { setup } = JSON.parse(json) as { setup: Record<string, unknown> }
    expect(out).toContain(`as told by   ${String(setup['docs'])}`)
  })

  test('all hosts, and a host that there is not', async () => {
    const { out } = await postern(['providers', 'stripe', '--host', 'all'])
    for (const host of ['express', 'koa', 'fastify', 'hono', 'next', 'node'])
      expect(out).toContain(`from '@postern/${host}'`)
    expect(out).toContain('fetch: (request: Request) => receiver.fetch(request)')
    const { code, err } = await postern(['providers', 'stripe', '--host', 'rails'])
    expect([code, err]).toEqual([2, expect.stringContaining('--host must be express, hono,')])
  })
})

/** Sends until the app listens. */
async function delivered(url: string, app: ReturnType<typeof spawn>): Promise<number> {
  const { headers, body } = github({ secret: SECRET }).sign!({
    url,
    topic: github.about.topics[0]!,
    payload: { title: 'a title of tests' },
  })
  for (;;) {
    try {
      return (await fetch(url, { method: 'POST', headers, body })).status
    } catch (error) {
      if (app.exitCode !== null) throw error
      await wait(50)
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
