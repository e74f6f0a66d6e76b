-- drop: dead letters go unsent; their receipts stay dead, and are counted as dropped.
-- ARGV     ids of letters
-- answers  1 or 0 per letter: dropped, or there was none

local answers = {}
for i, id in ipairs(ARGV) do
  local fields = letter_of(id)
  if fields then remove_letter(id, fields, 'dropped') end
  answers[i] = fields and 1 or 0
end
finish()
return answers
