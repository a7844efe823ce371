--- Records by their words, best first, with the place where the words stand.
local page = require('orion.page')
local safe = require('orion.safe')

local M = {}

local hits_max = 50

--- The snippet of a hit with what was found marked. Marks count UTF-16 units.
local function snippet_pieces(snippet)
  local text = snippet.text
  local pieces, from = { { '      ' } }, 0
  local function byte_of(units)
    local ok, index = pcall(function()
      if vim.fn.has('nvim-0.11') == 1 then
        return vim.str_byteindex(text, 'utf-16', units, false)
      end
      return vim.str_byteindex(text, units, true)
    end)
    return ok and index or #text
  end
  for _, mark in ipairs(snippet.marks or {}) do
    local first, last = byte_of(mark[1]), byte_of(mark[2])
    table.insert(pieces, { safe.line(text:sub(from + 1, first)), 'OrionDim' })
    table.insert(pieces, { safe.line(text:sub(first + 1, last)), 'OrionMatch' })
    from = last
  end
  table.insert(pieces, { safe.line(text:sub(from + 1)), 'OrionDim' })
  return pieces
end

--- Opens what was found.
function M.open(store, query, options)
  local at = {}
  page.open(store, { 'search', query }, {
    keys = {
      {
        '<CR>',
        function(self)
          local subject = self:subject()
          if subject then
            require('orion.commands').open(store, subject.type, subject.id)
          end
        end,
        'open the record under the cursor',
      },
    },
    subject = function()
      return at[vim.api.nvim_win_get_cursor(0)[1]]
    end,
    load = function(done)
      store:request('record/search', { query = query, limit = hits_max, highlight = true, fields = {} }, done)
    end,
    draw = function(answer)
      at = {}
      local lines = {
        { { 'Search ', 'OrionTitle' }, { safe.line(query), 'OrionId' }, { ('  %d found'):format(#answer.hits), 'OrionDim' } },
        { { '' } },
      }
      for _, hit in ipairs(answer.hits) do
        local record = hit.record
        table.insert(lines, { { safe.line(record.type) .. ' ', 'OrionType' }, { safe.line(record.id), 'OrionId' } })
        at[#lines] = { type = record.type, id = record.id }
        if hit.snippet then
          table.insert(lines, snippet_pieces(hit.snippet))
          at[#lines] = at[#lines - 1]
        end
      end
      if answer.next then
        table.insert(lines, { { ('There are more: these are the best %d.'):format(hits_max), 'OrionDim' } })
      elseif #answer.hits == 0 then
        table.insert(lines, { { 'Nothing was found.', 'OrionDim' } })
      end
      return lines
    end,
  }, options)
end

return M
