import bolt from '@slack/bolt'
import { SECRET } from '../deliveries.ts'
import { boltApp } from './bolt.ts'
import type { Subject } from './subject.ts'

/** @slack/bolt with its HTTPReceiver. */
export const subject: Subject = {
  sender: 'slack',
  framework: 'node',
  start: () =>
    boltApp(
      new bolt.HTTPReceiver({
        signingSecret: SECRET,
        endpoints: '/hook',
        logLevel: bolt.LogLevel.ERROR,
      }),
    ),
}
