import { inspector } from '@postern/inspector/next'
import { inbox } from '../../../inspected'

export const { GET, HEAD, POST } = inspector({ inbox: () => inbox, dev: true })
