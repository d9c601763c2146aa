import { createRequire } from 'node:module'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { listen } from '@postern/testing'
import { expect, test, vi } from 'vitest'
import { sendCommand } from '../src/commands/send.ts'
import { ANSWERS } from './answers.ts'

test.for(ANSWERS)('$from ($status): who answered', async ({ status, headers, body, by, says }) => {
  const app = await listen((_request, response) => {
    response.writeHead(status, headers).end(body)
  })
  try {
    const [plain, told] = await sent(`${app.url}webhooks/github`)
    expect(JSON.parse(plain)).toMatchObject([{ status, ...(by !== undefined && { by }) }])
    expect(plain.includes('"by"')).toBe(by !== undefined)
    if (says === undefined) expect(told).toBe('')
    else expect(told.replaceAll(/\s+/g, ' ')).toContain(says)
  } finally {
    await app.close()
  }
})

test('Express, Fastify and Koa of today answer as the table has it', async () => {
  const of = (host: string): NodeJS.Require =>
    createRequire(new URL(`../../${host}/package.json`, import.meta.url))
  const express = of('express')('express') as () => { listen(port: number): Server }
  const Koa = of('koa')('koa') as { default: new () => { listen(port: number): Server } }
  const fastify = of('fastify')('fastify') as () => {
    listen(at: object): Promise<string>
    server: Server
  }
  const fast = fastify()
  await fast.listen({ port: 0, host: '127.0.0.1' })
  const servers = [express().listen(0), new Koa.default().listen(0), fast.server]
  try {
    for (const server of servers) {
      const { port } = server.address() as AddressInfo
      const [, told] = await sent(`http://127.0.0.1:${port}/webhooks/github`)
      expect(told).toContain('no route is at /webhooks/github')
    }
  } finally {
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
  }
})

/** Returns what `postern send` prints with `--json`, and its remarks without `--json`. */
async function sent(to: string): Promise<readonly [json: string, told: string]> {
  const secret = ['a secret of this test']
  const run = async (json: boolean): Promise<readonly string[]> => {
    const outs = (['stdout', 'stderr'] as const).map((name) =>
      vi.spyOn(process[name], 'write').mockReturnValue(true),
    )
    try {
      await sendCommand('github', 'ping', { to, secret, json, count: '1', timeout: '30' })
      return outs.map(({ mock }) => mock.calls.map(([text]) => String(text)).join(''))
    } finally {
      for (const out of outs) out.mockRestore()
    }
  }
  const [json = ''] = await run(true)
  const [, told = ''] = await run(false)
  return [json, told]
}
