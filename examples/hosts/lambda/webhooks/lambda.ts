import { runDue, webhook } from '@postern/aws-lambda'
import { receiver } from './receiver.ts'

/** Handler for the function URL. */
export const handler = webhook(receiver)
/** Handler for an EventBridge schedule. */
export const cron = runDue(receiver, { leave: '2s' })
