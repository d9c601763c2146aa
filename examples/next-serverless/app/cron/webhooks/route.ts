import { drain } from '@postern/next'
import { receiver } from '../../../lib/receiver'

// Next.js must not answer it at build time.
export const dynamic = 'force-dynamic'

export const GET = drain(receiver, { secret: process.env['CRON_SECRET']!, deadline: '25s' })
