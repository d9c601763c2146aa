import { inspector } from '@postern/inspector/next'
import { inbox, receiver } from '../../../inspected'

export const { GET, HEAD, POST } = inspector({
  inbox: () => inbox,
  receivers: () => [receiver.current()],
  auth: {
    token: process.env['POSTERN_TOKEN']!,
    allow: ['replay', 'delete', 'rerun', 'sample'],
  },
  log: false,
})
