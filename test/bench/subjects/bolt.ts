import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import bolt from '@slack/bolt'
import { handled } from '../counter.ts'

/** Starts a bolt app that needs no Slack; resolves with its port. */
export async function boltApp(receiver: bolt.Receiver): Promise<number> {
  const app = new bolt.App({
    receiver,
    authorize: async () => ({ botToken: 'xoxb-bench', botId: 'B1', botUserId: 'U1' }),
    logLevel: bolt.LogLevel.ERROR,
  })
  app.event('app_mention', async () => handled())
  const server = (await app.start({ host: '127.0.0.1', port: 0 })) as Server
  return (server.address() as AddressInfo).port
}
