import { runDue } from '@postern/next'
import { receiver } from '../../../webhooks/receiver'

export const GET = runDue(receiver, { secret: process.env['CRON_SECRET']!, deadline: '25s' })
