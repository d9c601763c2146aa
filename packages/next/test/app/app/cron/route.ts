import { runDue } from '@postern/next'
import { receiver } from '../../inspected'

export const GET = runDue(receiver, { secret: process.env['CRON_SECRET']! })
