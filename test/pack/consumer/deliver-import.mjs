import { createReceiver } from '@postern/core'
import { webhook } from '@postern/express'
import { github } from '@postern/providers'
import { exchange } from './exchange.cjs'

await exchange({ createReceiver, github, webhook })
