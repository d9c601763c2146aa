import bolt from '@slack/bolt'
import { SECRET } from '../deliveries.ts'
import { boltApp } from './bolt.ts'
import type { Subject } from './subject.ts'

/** @slack/bolt with its ExpressReceiver. */
export const subject: Subject = {
  sender: 'slack',
  framework: 'express',
  start: () =>
    boltApp(
      new bolt.ExpressReceiver({
        signingSecret: SECRET,
        endpoints: '/hook',
        logLevel: bolt.LogLevel.ERROR,
      }),
    ),
}
