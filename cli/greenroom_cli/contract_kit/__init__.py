"""`greenroom contract-kit`: a fake EHR and a fake OA that hold both sides of an integration to the contracts."""
