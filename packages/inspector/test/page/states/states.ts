import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { bullmqInbox } from '@postern/bullmq'
import { postgresInbox } from '@postern/postgres'
import { startPostgres } from '../../../../../test/services/postgres.ts'
import { postgresServer, redisServer, type Program } from '../../../../../test/services/programs.ts'
import { startRedis } from '../../../../../test/services/redis.ts'
import { temporaryInbox } from '../../scene.ts'
import { startCrowd, type Crowd, type Size } from './crowd.ts'

export interface State {
  readonly needs: readonly Program[]
  readonly says: RegExp
  readonly shows: RegExp
  readonly start: () => Promise<Started>
}

export interface Started extends Crowd {
  /** Makes the failure of this state happen. Called when the page is open. */
  readonly fail: () => Promise<void>
}

const SMALL: Size = { receivers: 3, causes: 12 }

/** All states of `npm run docs -- pictures`, by name. */
export const states: Readonly<Record<string, State>> = {
  'two-thousand-causes': {
    needs: [],
    says: /2,000 issues need attention\. 2,000 tasks are dead/,
    shows: /SMTP 421 \w+: too many connections[^]*and 1,992 more causes/,
    start: () => alive({ receivers: 4, causes: 2000 }),
  },
  'fifty-receivers': {
    needs: [],
    says: /100 issues need attention\. 100 tasks are dead/,
    shows: /shop-50/,
    start: () => alive({ receivers: 50, causes: 100 }),
  },
  'names-of-200-characters': {
    needs: [],
    says: /6 issues need attention\. 6 tasks are dead/,
    shows: /SMTP 421 \w+/,
    start: () => alive({ receivers: 3, causes: 6, names: 200 }),
  },
  'redis-stopped': {
    needs: [redisServer],
    says: /Redis has not answered since \d\d:\d\d:\d\d\. Everything else is as of \d\d:\d\d:\d\d\./,
    shows: /rejected with 503[^]*SMTP 421/,
    async start() {
      const redis = await startRedis()
      const crowd = await startCrowd(bullmqInbox({ connection: redis.url, deadline: '2s' }), SMALL)
      return stopped(crowd, redis)
    },
  },
  'postgresql-stopped': {
    needs: [postgresServer],
    says: /PostgreSQL has not answered since \d\d:\d\d:\d\d\. Everything else is as of \d\d:\d\d:\d\d\./,
    shows: /rejected with 503[^]*SMTP 421/,
    async start() {
      const postgres = await startPostgres()
      const crowd = await startCrowd(postgresInbox({ connectionString: postgres.url }), SMALL)
      return stopped(crowd, postgres)
    },
  },
  'app-killed': {
    needs: [],
    says: /The app has not answered since \d\d:\d\d:\d\d\. Everything else is as of \d\d:\d\d:\d\d\./,
    shows: /This page shows older data[^]*SMTP 421/,
    start: killed,
  },
}

async function alive(size: Size): Promise<Started> {
  return { ...(await startCrowd(temporaryInbox(), size)), fail: async () => undefined }
}

function stopped(
  crowd: Crowd,
  service: { readonly down: () => Promise<void>; readonly stop: () => Promise<void> },
): Started {
  return {
    url: crowd.url,
    fail: () => service.down(),
    async close() {
      await crowd.close()
      await service.stop()
    },
  }
}

async function killed(): Promise<Started> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'app.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string]
  const ended = once(child, 'exit')
  const fail = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  return { url, fail, close: fail }
}
