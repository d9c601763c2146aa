import { drain } from '@postern/next'
import { receiver } from '../../../lib/receiver'

export const GET = drain(receiver, { secret: process.env['CRON_SECRET']!, deadline: '25s' })
