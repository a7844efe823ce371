--- Makes text that came from a store harmless to show. A control character could move what is on the screen, and a mark of
--- writing direction could show it in another order, so they are shown as their codes.
local M = {}

local function code(character)
  return ('\\u%04x'):format(vim.fn.char2nr(character))
end

-- In UTF-8: C0 and DEL, C1, ARABIC LETTER MARK, LRM and RLM, line and paragraph separators, embeddings and overrides, isolates,
-- and the mark of byte order.
local unsafe = {
  '[%z\1-\31\127]',
  '\194[\128-\159]',
  '\216\156',
  '\226\128[\142\143\168-\174]',
  '\226\129[\166-\169]',
  '\239\187\191',
}

--- One line: ends of lines are shown as marks, all that is unsafe as its code.
---@param text any
---@return string
function M.line(text)
  local shown = tostring(text):gsub('\r?\n', '⏎'):gsub('\t', ' ')
  for _, pattern in ipairs(unsafe) do
    shown = shown:gsub(pattern, code)
  end
  return shown
end

--- The lines of a text, each made safe. Lines over the limit are continued on the next one.
---@param text string
---@param limit? integer Bytes of a line; 2,000 by default, because long lines are slow to draw.
---@return string[]
function M.lines(text, limit)
  limit = limit or 2000
  local shown = {}
  for _, line in ipairs(vim.split(text, '\n', { plain = true })) do
    line = line:gsub('\r$', '')
    while #line > limit do
      local stop = limit
      -- A character is not taken apart.
      while stop > 1 and line:byte(stop + 1) >= 128 and line:byte(stop + 1) < 192 do
        stop = stop - 1
      end
      table.insert(shown, M.line(line:sub(1, stop)))
      line = line:sub(stop + 1)
    end
    table.insert(shown, M.line(line))
  end
  return shown
end

--- A text of at most so many cells, filled up with blanks if `fill` is set.
---@param text string Safe already.
---@param width integer
---@param fill? boolean
---@return string
function M.cut(text, width, fill)
  if #text > 4 * width then
    text = vim.fn.strcharpart(text, 0, width + 1)
  end
  local cells = vim.fn.strdisplaywidth(text)
  if cells > width then
    text = vim.fn.printf('%.' .. math.max(0, width - 1) .. 'S…', text)
    cells = vim.fn.strdisplaywidth(text)
  end
  return fill and text .. (' '):rep(width - cells) or text
end

--- The first bytes of a text, without half a character at the end.
---@return string
function M.head(text, bytes)
  if #text <= bytes then
    return text
  end
  local stop = bytes
  while stop > 0 and text:byte(stop + 1) >= 128 and text:byte(stop + 1) < 192 do
    stop = stop - 1
  end
  return text:sub(1, stop)
end

return M
