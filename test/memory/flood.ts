import { Agent, request } from 'node:http'
import { acme } from '../../packages/core/test/acme.ts'

/**
 * Sends `each` events over each of `connections` parallel connections. Resolves with the status of each event that got
 * a reply.
 */
export async function flood(
  port: number,
  payload: object,
  { connections, each }: { readonly connections: number; readonly each: number },
): Promise<ReadonlyMap<string, number>> {
  const { body, headers } = acme().sign!({ payload, topic: 'ping' })
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const answers = new Map<string, number>()
  const send = (id: string): Promise<void> =>
    new Promise((resolve) => {
      const sent = request(
        { port, agent, method: 'POST', headers: { ...headers, 'x-acme-id': id } },
        (response) => {
          answers.set(id, response.statusCode!)
          response.resume().once('end', resolve)
        },
      )
      // A rejection may close the connection before the whole body is sent. Such an event was not acknowledged.
      sent.once('error', () => resolve())
      sent.end(body)
    })
  await Promise.all(
    Array.from({ length: connections }, async (_, connection) => {
      for (let at = 0; at < each; at++) await send(`${connection}-${at}`)
    }),
  )
  agent.destroy()
  return answers
}
