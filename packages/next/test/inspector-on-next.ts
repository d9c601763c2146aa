import { request as ask } from 'node:http'
import type { ListReply } from '../../inspector/src/api/list.ts'
import { github } from '@postern/providers/github'
import { signedInit } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import type { NextServer } from './next-server.ts'

const token = 'a-token-of-at-least-sixteen'
const headers = { authorization: `Bearer ${token}` }
const secret = 'a secret of GitHub'
const provider = github({ secret })

/** Returns variables of the started app. The app is built without them. */
export function inspectorEnv(folder: string): Record<string, string> {
  return {
    APP_FILE: `${folder}/inbox.db`,
    GITHUB_WEBHOOK_SECRET: secret,
    POSTERN_TOKEN: token,
  }
}

/** Tests the inspector in the built and started app. */
export function testInspector(next: () => NextServer): void {
  describe('the inspector', () => {
    test('the document finds its script and the API, without the slash that Next.js takes away', async () => {
      for (const path of ['/postern', '/postern/']) {
        const page = await fetch(next().url + path, { headers })
        expect(page.status).toBe(200)
        const html = await page.text()
        const script = /<script[^>]*src="([^"]+)"/.exec(html)![1]!
        const at = new URL(script, page.url)
        expect(at.pathname).toBe('/postern/~/page.js')
        const loaded = await fetch(at, { headers })
        expect([loaded.status, loaded.headers.get('content-type')]).toEqual([
          200,
          'text/javascript; charset=utf-8',
        ])
        const status = await fetch(new URL('./api/status', at), { headers })
        expect(await status.json()).toMatchObject({ inbox: 'sqliteInbox', hasHandlers: true })
      }
    })

    test('without credentials nothing is told, and the policy holds', async () => {
      for (const path of ['', '/~/page.js', '/~/api/status', '/~/api/list', '/anything']) {
        const reply = await fetch(`${next().url}/postern${path}`)
        expect([path, reply.status]).toEqual([path, 401])
        expect(reply.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
        expect(await reply.text()).not.toMatch(/sqlite|github/i)
      }
    })

    test('a sign-in by the form of the page', async () => {
      const signed = await fetch(`${next().url}/postern?q=state%3Adead`, {
        method: 'POST',
        body: new URLSearchParams({ token }),
        redirect: 'manual',
      })
      expect(signed.status).toBe(303)
      expect(new URL(signed.headers.get('location')!, `${next().url}/postern`).href).toBe(
        `${next().url}/postern?q=state%3Adead`,
      )
      const cookie = signed.headers.get('set-cookie')!.split(';')[0]!
      expect(
        (await fetch(`${next().url}/postern/~/api/version`, { headers: { cookie } })).status,
      ).toBe(200)
    })

    test('the app redirects by throwing, as Next.js does', async () => {
      const reply = await fetch(`${next().url}/session/~/api/status`, { redirect: 'manual' })
      expect([reply.status, reply.headers.get('location')]).toEqual([307, '/login'])
      const signedIn = await fetch(`${next().url}/session/~/api/status`, {
        headers: { cookie: 'user=ada' },
      })
      expect(await signedIn.json()).toMatchObject({ visitor: { as: 'ada', actions: [] } })
    })

    test('dev: true is an error in production, and answers nobody', async () => {
      for (const forwarded of [undefined, '127.0.0.1'])
        expect(
          await new Promise((resolve, reject) => {
            const { port } = new URL(next().url)
            const sent = { host: 'localhost', ...(forwarded && { 'x-forwarded-for': forwarded }) }
            ask({ host: '127.0.0.1', port, path: '/dev', headers: sent }, (reply) => {
              reply.resume()
              resolve(reply.statusCode)
            })
              .on('error', reject)
              .end()
          }),
        ).toBe(500)
    })

    test('a delivery, its dead task, a rejection that is explained, and a sample', async () => {
      const send = async (options: object): Promise<number> => {
        const { body, ...delivery } = await signedInit(provider, 'push', {}, options)
        return (await fetch(`${next().url}/github`, { ...delivery, body: Buffer.from(body) }))
          .status
      }
      const list = async (q: string): Promise<ListReply['rows']> => {
        const reply = await fetch(`${next().url}/postern/~/api/list?q=${encodeURIComponent(q)}`, {
          headers,
        })
        return ((await reply.json()) as ListReply).rows
      }
      const act = async (route: string, body: object): Promise<unknown> =>
        (
          await fetch(`${next().url}/postern/~/api/${route}`, {
            method: 'POST',
            headers: { ...headers, 'x-postern-action': '1', 'sec-fetch-site': 'same-origin' },
            body: JSON.stringify(body),
          })
        ).json()
      expect(await send({ id: 'push-1' })).toBe(200)
      expect(await send({ secret: 'a secret of GitHub ' })).toBe(401)
      await expect.poll(() => list('state:dead')).toHaveLength(1)
      await expect.poll(() => list('outcome:rejected')).toHaveLength(1)
      const [rejected] = await list('outcome:rejected')
      const explained = await fetch(
        `${next().url}/postern/~/api/explain?id=${rejected!.id.slice('delivery:'.length)}`,
        { headers },
      )
      expect(await explained.json()).toMatchObject({ findings: [{ cause: 'secret-whitespace' }] })
      expect(await act('replay', { filter: { state: 'dead' } })).toMatchObject({ count: 1 })
      expect(await act('sample', { receiver: 'github', topic: 'issues.opened' })).toMatchObject({
        status: 200,
      })
      await expect.poll(() => list('topic:issues.opened')).toHaveLength(1)
    })
  })
}
