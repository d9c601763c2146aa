// Written by test/descriptions/extract.ts from npm @grammyjs/types 5.0.0 (Update).
export const TELEGRAM_TOPICS: string = `
business_connection business_message callback_query channel_post chat_boost chat_join_request
chat_member chosen_inline_result deleted_business_messages edited_business_message
edited_channel_post edited_message guest_message inline_query managed_bot message message_reaction
message_reaction_count my_chat_member poll poll_answer pre_checkout_query purchased_paid_media
removed_chat_boost shipping_query stopped_message_generation subscription
`
