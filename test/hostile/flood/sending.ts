import { Agent, request as ask } from 'node:http'
import type { Page } from '@postern/core/inbox'
import { github } from '@postern/providers/github'
import { signedInit } from '@postern/testing'
import { allRows } from '../../services/inboxes.ts'
import { secretOf, TENANTS, TOKEN } from './facts.ts'

/** Returns functions that send requests to the app. Each resolves with the status, or 0 without a reply. */
export function sending(agent: Agent, port: number) {
  const own = new Agent({ keepAlive: true })
  const post = (
    path: string,
    headers: Record<string, string>,
    body: string | Uint8Array,
    by = agent,
  ): Promise<number> =>
    new Promise((resolve) => {
      const outgoing = ask(
        { port, host: '127.0.0.1', method: 'POST', path, headers, agent: by },
        (reply) => {
          reply.resume()
          reply.on('end', () => resolve(reply.statusCode!))
          reply.on('error', () => resolve(0))
        },
      )
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        // The app closes connections that were idle for 5 s, possibly while a request is sent. Node.js documents this
        // retry at `reusedSocket`.
        const isStale = outgoing.reusedSocket && error.code === 'ECONNRESET'
        resolve(isStale ? post(path, headers, body, by) : 0)
      })
      outgoing.end(body)
    })
  const genuine = async (
    tenant: string,
    id: string,
    secret = secretOf(tenant),
    by = own,
  ): Promise<number> => {
    const { body, headers } = await signedInit(github({ secret }), 'push', { id }, { id })
    const lines = Object.fromEntries(new Headers(headers as HeadersInit))
    return post(
      `/webhooks/${tenant}`,
      { ...lines, 'user-agent': 'GitHub-Hookshot/a1b2c3d' },
      body as Uint8Array,
      by,
    )
  }
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  return {
    wrongToken: (n: number) => post('/postern', form, `token=wrong-${n}`),
    /** Sends a delivery for a made-up tenant, or for a known one with a made-up signature. */
    invented: (n: number) =>
      post(
        `/webhooks/${n % 2 === 1 ? `invented-${n}` : TENANTS[(n >> 1) % 20]}`,
        {
          'content-type': 'application/json',
          'x-github-event': 'push',
          'x-github-delivery': `hostile-${n}`,
          'x-hub-signature-256': `sha256=${n.toString(16).padStart(64, '0')}`,
        },
        `{"n":${n}}`,
      ),
    signIn: () => post('/postern', form, new URLSearchParams({ token: TOKEN }).toString(), own),
    genuine,
    /** Sends a delivery that is genuine except for its secret. */
    copied: (n: number) =>
      genuine(
        TENANTS[(n >> 1) % 20]!,
        `${n % 2 === 1 ? 'mrk' : 'cop'}-${n}-1`,
        'a secret that nobody has',
        agent,
      ),
    /** Returns the number of rejections with this id prefix whose body was kept. */
    async kept(prefix: string): Promise<number> {
      const get = async (route: string): Promise<unknown> => {
        const headers = { authorization: `Bearer ${TOKEN}` }
        return (await fetch(`http://127.0.0.1:${port}/postern/~/api/${route}`, { headers })).json()
      }
      const rows = await allRows(async (page) => {
        const query = new URLSearchParams({
          q: `outcome:rejected ${prefix}`,
          limit: '200',
          ...page,
        })
        return (await get(`list?${query}`)) as Page<{ id: string; eventId?: string }>
      })
      let kept = 0
      for (const { id, eventId } of rows) {
        if (!eventId?.startsWith(prefix)) continue
        const detail = (await get(`delivery?id=${id.replace(/^\w+:/, '')}`)) as {
          delivery?: { body?: string }
        }
        kept += Number(detail.delivery?.body !== undefined)
      }
      return kept
    },
  }
}
