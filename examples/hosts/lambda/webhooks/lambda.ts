import { runDue, webhook } from '@postern/aws-lambda'
import { receiver } from './receiver.ts'

/** For the URL. */
export const handler = webhook(receiver)
/** For a schedule of EventBridge. */
export const cron = runDue(receiver, { leave: '2s' })
