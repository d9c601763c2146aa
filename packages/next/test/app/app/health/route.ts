import { health } from '@postern/next'
import { receiver } from '../../inspected'

export const GET = health([receiver])
