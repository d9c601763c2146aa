import { defineEventHandler, toWebRequest } from 'h3'
import { receiverAt } from '../../../receivers.mjs'

export default defineEventHandler((event) =>
  receiverAt(event.path.split('?')[0]).fetch(toWebRequest(event)),
)
