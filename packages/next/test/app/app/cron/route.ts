import { drain } from '@postern/next'
import { receiver } from '../../inspected'

export const GET = drain(receiver, { secret: process.env['CRON_SECRET']! })
